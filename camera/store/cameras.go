package store

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sealcam/sealcam/e2ee/identity"
)

const (
	camerasFile = "cameras.json"
	maxCameras  = 1 << 20 // bytes of the file
)

// Camera returns the id of the camera with this name, made at its first use.
func (s *Store) Camera(name string) (identity.CameraID, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if text, ok := s.cameras[name]; ok {
		return identity.ParseCameraID(text)
	}
	id, err := identity.NewCameraID(rand.Reader)
	if err != nil {
		return id, err
	}
	s.cameras[name] = id.String()
	if s.folder == nil {
		return id, nil
	}
	data, err := json.MarshalIndent(s.cameras, "", "\t")
	if err != nil {
		return id, err
	}
	return id, s.folder.Replace(camerasFile, append(data, '\n'))
}

func (s *Store) loadCameras() error {
	data, err := s.folder.Read(camerasFile, maxCameras)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if s.cameras, err = parseCameras(data); err != nil {
		return fmt.Errorf("%s: %w", s.path(camerasFile), err)
	}
	return nil
}

// parseCameras reads cameras.json. Two names with one id would let who may see the one see the other.
func parseCameras(data []byte) (map[string]string, error) {
	cameras := map[string]string{}
	if err := json.Unmarshal(data, &cameras); err != nil || cameras == nil {
		return nil, errors.New("the file is damaged: put back a copy of it, or remove it (grants for single cameras must then be given anew)")
	}
	names := map[identity.CameraID]string{}
	for name, text := range cameras {
		id, err := identity.ParseCameraID(text)
		if err != nil {
			return nil, fmt.Errorf("the id of camera %q is damaged: put back a copy of the file, or remove that line", name)
		}
		if other, twice := names[id]; twice {
			return nil, fmt.Errorf("the cameras %q and %q have the same id: put back a copy of the file, or remove one of the lines", min(name, other), max(name, other))
		}
		names[id] = name
	}
	return cameras, nil
}
