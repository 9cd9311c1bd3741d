//go:build js

package keys

import (
	"encoding/json"
	"errors"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/wasm/promise"
)

var errHome = errors.New("keys: the stored home is damaged")

// tabPrefix stands before an agent's id in sessionStorage.
const tabPrefix = "sealcam home "

// maxTabLog bounds the mirror of a grant log in sessionStorage, of which browsers give about 5 MB. A longer one is fetched anew.
const maxTabLog = 1 << 20

// homeRecord is a home as it is stored, as JSON text. Byte strings are base64 there. The mirror of the grant log stands beside it in the
// database; only in a tab's storage, which takes nothing but text, it is part of it.
type homeRecord struct {
	Version   int              `json:"version"`
	Agent     identity.AgentID `json:"agent"`
	Name      string           `json:"name"`
	Knock     []byte           `json:"knock"`
	ID        identity.HomeID  `json:"id"`
	LogLength uint64           `json:"logLength"`
	LogHead   []byte           `json:"logHead"`
	Role      grant.Role       `json:"role"`
	Cameras   []cameraRecord   `json:"cameras"`
	Log       []byte           `json:"log,omitempty"`
}

type cameraRecord struct {
	ID   identity.CameraID `json:"id"`
	Name string            `json:"name"`
}

func encodeHome(h viewer.Home) (string, error) {
	r := homeRecord{
		Version: 1, Agent: h.Agent, Name: h.Name, Knock: h.Knock[:], ID: h.ID, LogLength: h.LogLength, LogHead: h.LogHead[:],
		Role: h.Role, Log: h.Log,
	}
	for _, c := range h.Cameras {
		r.Cameras = append(r.Cameras, cameraRecord(c))
	}
	b, err := json.Marshal(r)
	return string(b), err
}

// homeToJS returns a home as it stands in the database.
func homeToJS(h viewer.Home) (js.Value, error) {
	log := h.Log
	h.Log = nil
	text, err := encodeHome(h)
	if err != nil {
		return js.Undefined(), err
	}
	record := js.Global().Get("Object").New()
	record.Set("home", text)
	if len(log) > 0 {
		record.Set("log", bytesToJS(log))
	}
	return record, nil
}

// homeFromJS undoes homeToJS.
func homeFromJS(record js.Value) (viewer.Home, error) {
	if record.Type() != js.TypeObject {
		return viewer.Home{}, errHome
	}
	h, err := decodeHome(record.Get("home"))
	if err != nil {
		return viewer.Home{}, err
	}
	h.Log = bytesFromJS(record.Get("log"))
	return h, nil
}

func decodeHome(v js.Value) (h viewer.Home, err error) {
	if v.Type() != js.TypeString {
		return h, errHome
	}
	var r homeRecord
	if json.Unmarshal([]byte(v.String()), &r) != nil {
		return h, errHome
	}
	if r.Version != 1 || len(r.Knock) != len(h.Knock) || len(r.LogHead) != len(h.LogHead) {
		return h, errHome
	}
	h.Agent, h.Name, h.ID, h.LogLength, h.Role, h.Log = r.Agent, r.Name, r.ID, r.LogLength, r.Role, r.Log
	copy(h.Knock[:], r.Knock)
	copy(h.LogHead[:], r.LogHead)
	for _, c := range r.Cameras {
		h.Cameras = append(h.Cameras, viewer.KnownCamera(c))
	}
	return h, nil
}

// tabHomes returns the homes that live as long as this tab.
func (s *Store) tabHomes() (homes []viewer.Home) {
	if !s.tab.Truthy() {
		return nil
	}
	_ = promise.Try(func() {
		for i := range s.tab.Get("length").Int() {
			name := s.tab.Call("key", i).String()
			if len(name) < len(tabPrefix) || name[:len(tabPrefix)] != tabPrefix {
				continue
			}
			if h, err := decodeHome(s.tab.Call("getItem", name)); err == nil {
				h.Ephemeral = true
				homes = append(homes, h)
			}
		}
	})
	return homes
}

func (s *Store) rememberInTab(h viewer.Home) error {
	if len(h.Log) > maxTabLog {
		h.Log = nil
	}
	text, err := encodeHome(h)
	if err != nil {
		return err
	}
	if !s.tab.Truthy() {
		return ErrBlocked
	}
	return promise.Try(func() { s.tab.Call("setItem", tabPrefix+h.Agent.String(), text) })
}

func (s *Store) forgetInTab(agent identity.AgentID) {
	if s.tab.Truthy() {
		_ = promise.Try(func() { s.tab.Call("removeItem", tabPrefix+agent.String()) })
	}
}
