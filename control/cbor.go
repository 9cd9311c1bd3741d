package control

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/fxamacker/cbor/v2"
)

// ErrMessage is returned for every message that is not exactly as this package writes it.
var ErrMessage = errors.New("control: malformed message")

var encoder = func() cbor.EncMode {
	m, err := cbor.CoreDetEncOptions().EncMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return m
}()

var decoder = func() cbor.DecMode {
	m, err := cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		UTF8:              cbor.UTF8RejectInvalid,
		MaxNestedLevels:   8,
		MaxArrayElements:  max(MaxCameras, MaxDevices, MaxVisits),
		MaxMapPairs:       32,
	}.DecMode()
	if err != nil {
		panic(err) // the options are constants
	}
	return m
}()

// Encode returns the message's wire form.
func Encode(m Message) ([]byte, error) {
	if !m.valid() {
		return nil, fmt.Errorf("control: message %d is out of bounds", m.kind())
	}
	body, err := encoder.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("control: %w", err)
	}
	return append([]byte{byte(m.kind())}, body...), nil
}

// Decode reads one wire form. Its errors are all ErrMessage.
func Decode(b []byte) (Message, error) {
	if len(b) == 0 {
		return nil, ErrMessage
	}
	m := newMessage(Kind(b[0]))
	if m == nil || decoder.Unmarshal(b[1:], m) != nil {
		return nil, ErrMessage
	}
	// One message has one form: this also refuses byte strings shorter than their array and keys out of order.
	if again, err := Encode(m); err != nil || !bytes.Equal(again, b) {
		return nil, ErrMessage
	}
	return m, nil
}

func newMessage(k Kind) Message {
	switch k {
	case KindHello:
		return new(Hello)
	case KindRefuse:
		return new(Refuse)
	case KindAccept:
		return new(Accept)
	case KindCameraStatus:
		return new(CameraStatus)
	case KindWatch:
		return new(Watch)
	case KindUnwatch:
		return new(Unwatch)
	case KindLayer:
		return new(Layer)
	case KindEpoch:
		return new(Epoch)
	case KindEpochAck:
		return new(EpochAck)
	case KindPing:
		return new(Ping)
	case KindPong:
		return new(Pong)
	case KindPeerWanted:
		return new(PeerWanted)
	case KindOffer:
		return new(Offer)
	case KindAnswer:
		return new(Answer)
	case KindCandidate:
		return new(Candidate)
	}
	if k < KindPairCommit {
		return newTrustMessage(k)
	}
	return newPairMessage(k)
}

func newTrustMessage(k Kind) Message {
	switch k {
	case KindRedeem:
		return new(Redeem)
	case KindAppend:
		return new(Append)
	case KindAppended:
		return new(Appended)
	case KindNotAppended:
		return new(NotAppended)
	case KindLogWanted:
		return new(LogWanted)
	case KindLogPart:
		return new(LogPart)
	case KindLogHead:
		return new(LogHead)
	case KindTerms:
		return new(Terms)
	case KindDevicesWanted:
		return new(DevicesWanted)
	case KindDevices:
		return new(Devices)
	case KindJournalWanted:
		return new(JournalWanted)
	case KindJournal:
		return new(Journal)
	}
	return nil
}

func newPairMessage(k Kind) Message {
	switch k {
	case KindPairCommit:
		return new(PairCommit)
	case KindPairNonce:
		return new(PairNonce)
	case KindPairReveal:
		return new(PairReveal)
	case KindPairConfirmed:
		return new(PairConfirmed)
	case KindPairApproved:
		return new(PairApproved)
	case KindPairRefused:
		return new(PairRefused)
	case KindPairCamera:
		return new(PairCamera)
	}
	return nil
}
