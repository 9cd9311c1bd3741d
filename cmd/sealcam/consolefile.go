package main

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
)

// The command line's files in the agent's state folder.
const (
	consoleKeyFile  = "console.key"  // the seed of its key, 32 bytes
	consoleHomeFile = "console.json" // what it remembers of the agent
	maxConsoleHome  = 16 << 20       // bytes; a full grant log in base64 has six million
)

func readConsoleKey(dir string) (identity.DeviceKey, error) {
	path := filepath.Join(dir, consoleKeyFile)
	info, err := os.Stat(path)
	if err != nil {
		return identity.DeviceKey{}, err
	}
	if info.Size() == identity.SeedSize {
		seed, err := os.ReadFile(path)
		if err != nil {
			return identity.DeviceKey{}, err
		}
		if key, err := identity.DeviceFromSeed(seed); err == nil {
			return key, nil
		}
	}
	return identity.DeviceKey{}, fmt.Errorf("%s is damaged: put back a copy of it, or move it away and run sealcam agent join", path)
}

func makeConsoleKey(dir string) (identity.DeviceKey, error) {
	key, err := identity.GenerateDevice(nil)
	if err != nil {
		return key, err
	}
	if err := replaceFile(filepath.Join(dir, consoleKeyFile), key.Seed()); err != nil {
		return identity.DeviceKey{}, fmt.Errorf("the command line's key cannot be kept in %s: run this as the user that runs the agent: %w", dir, err)
	}
	return key, nil
}

// consoleHome is viewer.Home as the file has it.
type consoleHome struct {
	Agent     identity.AgentID `json:"agent"`
	Name      string           `json:"name"`
	Knock     string           `json:"knock"` // hex
	Home      identity.HomeID  `json:"home"`
	LogLength uint64           `json:"log_length"`
	LogHead   string           `json:"log_head"` // hex
	Log       []byte           `json:"log,omitempty"`
	Role      grant.Role       `json:"role"`
}

// readConsoleHome returns the zero value if there is no file: then this command line was let in nowhere.
func readConsoleHome(dir string) (viewer.Home, error) {
	path := filepath.Join(dir, consoleHomeFile)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return viewer.Home{}, nil
	}
	if err != nil {
		return viewer.Home{}, err
	}
	damaged := fmt.Errorf("%s is damaged: put back a copy of it, or move it away and run sealcam agent join", path)
	if info.Size() > maxConsoleHome {
		return viewer.Home{}, damaged
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return viewer.Home{}, err
	}
	var f consoleHome
	if json.Unmarshal(data, &f) != nil {
		return viewer.Home{}, damaged
	}
	h := viewer.Home{Agent: f.Agent, Name: f.Name, ID: f.Home, LogLength: f.LogLength, Log: f.Log, Role: f.Role}
	if !fromHex(h.Knock[:], f.Knock) || !fromHex(h.LogHead[:], f.LogHead) {
		return viewer.Home{}, damaged
	}
	return h, nil
}

func fromHex(to []byte, text string) bool {
	b, err := hex.DecodeString(text)
	return err == nil && copy(to, b) == len(to) && len(b) == len(to)
}

func writeConsoleHome(dir string, h viewer.Home) error {
	data, err := json.MarshalIndent(consoleHome{
		Agent: h.Agent, Name: h.Name, Knock: hex.EncodeToString(h.Knock[:]), Home: h.ID,
		LogLength: h.LogLength, LogHead: hex.EncodeToString(h.LogHead[:]), Log: h.Log, Role: h.Role,
	}, "", "\t")
	if err != nil {
		return err
	}
	if err := replaceFile(filepath.Join(dir, consoleHomeFile), append(data, '\n')); err != nil {
		return fmt.Errorf("what this command line learnt of the agent cannot be kept: %w", err)
	}
	return nil
}

// replaceFile writes a file of mode 0600, so that after a crash either the old or the new one is there, whole.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".new-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	if _, err = f.Write(data); err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
