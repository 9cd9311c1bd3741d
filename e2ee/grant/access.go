package grant

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
)

// ErrDenied is wrapped by every refusal of Admitted and Allowed.
var ErrDenied = errors.New("grant: denied")

// Why a device is refused, each a sentence for its user.
var (
	ErrNotMember = fmt.Errorf("%w: this device has not been let in; ask an owner to add it", ErrDenied)
	ErrRevoked   = fmt.Errorf("%w: this device's access was taken back; ask an owner to add it again", ErrDenied)
	ErrNotYet    = fmt.Errorf("%w: this device's access has not begun yet", ErrDenied)
	ErrExpired   = fmt.Errorf("%w: this device's access has ended; ask an owner to renew it", ErrDenied)
	ErrCamera    = fmt.Errorf("%w: this camera is not among those shared with this device", ErrDenied)
	ErrRight     = fmt.Errorf("%w: this device may not do that with this camera", ErrDenied)
)

// Admitted returns what the log says of a device that may have a session at now, or an error that wraps ErrDenied.
func (l *Log) Admitted(device identity.DevicePublic, now time.Time) (Member, error) {
	m := l.members[device]
	switch {
	case m == nil:
		return Member{}, ErrNotMember
	case m.Revoked:
		return Member{}, ErrRevoked
	case now.Before(m.NotBefore):
		return Member{}, ErrNotYet
	case !m.Expires.IsZero() && !now.Before(m.Expires):
		return Member{}, ErrExpired
	}
	return *m, nil
}

// Allowed returns nil if at now the device has all of the rights asked for on the camera, or an error that wraps ErrDenied.
func (l *Log) Allowed(device identity.DevicePublic, camera identity.CameraID, rights Rights, now time.Time) error {
	m, err := l.Admitted(device, now)
	if err != nil {
		return err
	}
	return m.Allows(camera, rights)
}

// Allows returns nil if the member, while admitted, has all of the rights asked for on the camera, or ErrCamera or ErrRight.
func (m Member) Allows(camera identity.CameraID, rights Rights) error {
	if len(m.Cameras) != 0 && !slices.Contains(m.Cameras, camera) {
		return ErrCamera
	}
	if rights == 0 || m.Rights&rights != rights {
		return ErrRight
	}
	return nil
}

// Member returns what the log says of a device, a revoked or expired one too, and false if it never named it.
func (l *Log) Member(d identity.DevicePublic) (Member, bool) {
	m := l.members[d]
	if m == nil {
		return Member{}, false
	}
	return *m, true
}

// Owners returns the owners, in the order of the entries that made them so.
func (l *Log) Owners() []identity.DevicePublic {
	var owners []identity.DevicePublic
	for _, m := range l.Members() {
		if m.Role == Owner && !m.Revoked {
			owners = append(owners, m.Device)
		}
	}
	return owners
}

// Devices returns all devices that may have a session at now, in the order of their last entries.
func (l *Log) Devices(now time.Time) []identity.DevicePublic {
	var devices []identity.DevicePublic
	for _, m := range l.Members() {
		if _, err := l.Admitted(m.Device, now); err == nil {
			devices = append(devices, m.Device)
		}
	}
	return devices
}

// Members returns all devices that the log ever named, the revoked and expired too, in the order of their last entries.
func (l *Log) Members() []Member {
	members := make([]Member, 0, len(l.members))
	for _, m := range l.members {
		members = append(members, *m)
	}
	slices.SortFunc(members, func(a, b Member) int {
		if a.Seq < b.Seq {
			return -1
		}
		return 1 // an entry is about one device, so no two are equal
	})
	return members
}
