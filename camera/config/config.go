// Package config reads the agent's sealcam.toml.
package config

import (
	"bytes"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// MaxCameras is how many cameras one agent serves.
const MaxCameras = 64

// Config is the whole file.
type Config struct {
	Name    string   `toml:"name"`   // what viewers see, such as "Home"
	Server  string   `toml:"server"` // https://host or http://host:port
	State   string   `toml:"state"`  // folder of the agent's key and the grant log
	Cameras []Camera `toml:"camera"`
}

// Camera is one [[camera]] table. Exactly one of Main, File and TestCard says where its pictures come from.
type Camera struct {
	Name      string `toml:"name"`
	Main      string `toml:"main"`      // rtsp:// address of the full-size stream
	Sub       string `toml:"sub"`       // rtsp:// address of the small stream, if the camera has one
	Transport string `toml:"transport"` // "tcp" (default) or "udp"
	File      string `toml:"file"`      // Annex B or MP4, looped
	TestCard  bool   `toml:"testcard"`
	Audio     *bool  `toml:"audio"` // nil: true
}

// Sound says whether those who may watch the camera may hear it too.
func (c *Camera) Sound() bool { return c.Audio == nil || *c.Audio }

// maxFile bounds the file before it is parsed.
const maxFile = 1 << 20

// Read reads and checks a configuration file. Every error is a sentence that names the file, the line where there is one, and what
// to change; none repeats an address's password.
func Read(path string) (Config, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Config{}, fmt.Errorf("cannot read the configuration %s: %w; name the right file with -config", path, errors.Unwrap(err))
	}
	if info.Size() > maxFile {
		return Config{}, fmt.Errorf("%s has %d bytes, which is no Sealcam configuration", path, info.Size())
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("cannot read the configuration %s: %w", path, errors.Unwrap(err))
	}
	c, err := Parse(data)
	if err != nil {
		return Config{}, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

// Parse checks the text of a configuration file.
func Parse(data []byte) (Config, error) {
	var c Config
	d := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields()
	if err := d.Decode(&c); err != nil {
		return Config{}, explain(err)
	}
	return c, c.Check()
}

// explain turns the parser's error into one line with its place. The parser's own message may quote the line, which may hold a
// password, so only its kind is kept.
func explain(err error) error {
	var unknown *toml.StrictMissingError
	if errors.As(err, &unknown) && len(unknown.Errors) > 0 {
		e := unknown.Errors[0]
		row, _ := e.Position()
		return fmt.Errorf("line %d: unknown key %q; remove it or correct its spelling (docs/CONFIG.md lists the keys)", row, strings.Join(e.Key(), "."))
	}
	var bad *toml.DecodeError
	if errors.As(err, &bad) {
		row, col := bad.Position()
		return fmt.Errorf("line %d, column %d is not valid TOML here; check quotes, brackets and the kind of the value", row, col)
	}
	return errors.New("this is not valid TOML")
}

// Check completes a configuration and refuses what cannot be meant, as Parse does.
func (c *Config) Check() error {
	if c.Name == "" {
		c.Name = "Home"
	}
	if c.Server != "" {
		u, err := url.Parse(c.Server)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.User != nil {
			return errors.New(`server: write the server's address as "https://host" or "http://host:port"`)
		}
	}
	if len(c.Cameras) == 0 {
		return errors.New("no camera: add a [[camera]] table with a name and a main address")
	}
	if len(c.Cameras) > MaxCameras {
		return fmt.Errorf("%d cameras, but one agent serves at most %d; run a second agent for the rest", len(c.Cameras), MaxCameras)
	}
	names := map[string]bool{}
	for i := range c.Cameras {
		cam := &c.Cameras[i]
		if cam.Name == "" {
			return fmt.Errorf("camera %d has no name: give it one", i+1)
		}
		if names[cam.Name] {
			return fmt.Errorf("two cameras are named %q: give each its own name", cam.Name)
		}
		names[cam.Name] = true
		if err := cam.check(); err != nil {
			return fmt.Errorf("camera %q: %w", cam.Name, err)
		}
	}
	return nil
}

func (c *Camera) check() error {
	kinds := 0
	for _, set := range []bool{c.Main != "", c.File != "", c.TestCard} {
		if set {
			kinds++
		}
	}
	if kinds != 1 {
		return errors.New("set exactly one of main, file and testcard")
	}
	if c.Sub != "" && c.Main == "" {
		return errors.New("sub goes with main: set both or neither")
	}
	for key, address := range map[string]string{"main": c.Main, "sub": c.Sub} {
		if address != "" && !rtspAddress(address) {
			return fmt.Errorf(`%s: write the address as "rtsp://user:password@host/path"`, key)
		}
	}
	switch c.Transport {
	case "":
		c.Transport = "tcp"
	case "tcp", "udp":
	default:
		return errors.New(`transport: write "tcp" or "udp"`)
	}
	return nil
}

func rtspAddress(s string) bool {
	u, err := url.Parse(s)
	return err == nil && (u.Scheme == "rtsp" || u.Scheme == "rtsps") && u.Host != ""
}
