package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"path/filepath"

	"github.com/sealcam/sealcam/camera/config"
	"github.com/sealcam/sealcam/camera/store"
	"github.com/sealcam/sealcam/e2ee/identity"
)

// agentFlags say which agent is meant: they are the same for the agent and for everything that is asked of it.
type agentFlags struct {
	Config string `help:"Configuration file." default:"sealcam.toml" type:"path" env:"SEALCAM_CONFIG"`
	Server string `help:"Address of the server; wins over the file." env:"SEALCAM_SERVER" placeholder:"URL"`
	State  string `help:"Folder of the agent's key and the grant log; wins over the file." type:"path" env:"SEALCAM_STATE" placeholder:"FOLDER"`
	LAN    string `help:"Serve the page and a server of the agent's own in the local network, at this address, such as :8080. Works without the internet, and without -server." name:"lan" env:"SEALCAM_LAN" placeholder:"ADDRESS"`
}

var errNoServer = errors.New(`no server: add server = "https://…" to the configuration, or -server; or -lan :8080 for the local network alone`)

// configure reads the configuration and completes it by the flags.
func (f *agentFlags) configure() (config.Config, error) {
	conf, err := config.Read(f.Config)
	if err != nil {
		return conf, err
	}
	if f.Server != "" {
		conf.Server = f.Server
	}
	if conf.Server == "" && f.LAN == "" {
		return conf, errNoServer
	}
	if f.State != "" {
		conf.State = f.State
	}
	if conf.State == "" {
		conf.State = filepath.Join(filepath.Dir(f.Config), "sealcam-state")
	}
	return conf, nil
}

// place is where an agent is found: its state folder, and the server that leads to it.
type place struct {
	state  string
	server string // to connect to
	public string // as it stands in links
	agent  identity.AgentID
}

// place finds the agent that the flags mean. It may run meanwhile.
func (f *agentFlags) place() (place, error) {
	conf, err := f.configure()
	if errors.Is(err, fs.ErrNotExist) && f.State != "" && (f.Server != "" || f.LAN != "") {
		conf, err = config.Config{State: f.State, Server: f.Server}, nil // the file says nothing else that is needed
	}
	if err != nil {
		return place{}, err
	}
	p := place{state: conf.State, server: conf.Server, public: conf.Server}
	if p.server == "" {
		host, port, err := net.SplitHostPort(f.LAN)
		if err != nil {
			return place{}, errLAN(f.LAN)
		}
		p.server = "http://" + net.JoinHostPort(reachable(host), port)
		p.public = lanAddresses(host, port)[0]
	}
	p.agent, err = store.ReadID(p.state)
	if errors.Is(err, fs.ErrNotExist) {
		return place{}, fmt.Errorf("there is no agent in the state folder %s yet: start it with sealcam agent, or name the right folder with -state", p.state)
	}
	return p, err
}
