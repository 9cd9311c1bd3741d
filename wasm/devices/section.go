//go:build js

package devices

import (
	"slices"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dom"
)

// section is one home in the list.
type section struct {
	p       *Panel
	agent   identity.AgentID
	node    dom.Node
	devices map[identity.DevicePublic]*row
	invites map[identity.DevicePublic]*row
}

func newSection(p *Panel, agent identity.AgentID) *section {
	s := &section{
		p: p, agent: agent, node: dom.Clone("view-home"),
		devices: map[identity.DevicePublic]*row{}, invites: map[identity.DevicePublic]*row{},
	}
	s.node.SetAttr("data-home", agent.String())
	p.view.OnClick(s.node.Action("invite"), func() { p.invite(agent) })
	p.view.OnClick(s.node.Action("screen"), func() { p.AddScreen(agent) })
	p.view.OnClick(s.node.Action("journal"), func() { p.journal(agent) })
	p.view.OnClick(s.node.Action("alarm"), func() { p.Alarm(agent) })
	return s
}

func (s *section) draw(h *Home, named bool) {
	name := ""
	if named {
		name = h.Name
	}
	s.node.Part("name").Write(name)
	away := ""
	if !h.Known {
		away = h.Sentence
		if away == "" {
			away = words.Say("Fetching the agent’s list")
		}
	}
	s.node.Part("away").Write(away)
	alarm := s.node.Part("alarm")
	alarm.Show(h.Trust.Alarm != nil)
	if h.Trust.Alarm != nil {
		alarm.Find("p").SetText(words.Say("The agent’s list is not the one that this device saw before."))
	}
	inStep := h.Known && h.Trust.InStep
	s.node.Part("buttons").Show(inStep)
	if !h.Known {
		for _, part := range []string{"devices", "former"} {
			s.node.Part(part).Order(nil)
		}
		s.node.Part("former-part").Show(false)
		s.node.Part("invites-part").Show(false)
		return
	}
	s.drawDevices(&h.Trust)
	s.drawInvites(&h.Trust)
}

func (s *section) drawDevices(t *viewer.Trust) {
	now := s.p.Now()
	var present, former []dom.Node
	for i := range t.Devices {
		d := &t.Devices[i]
		r := s.device(d.Device)
		r.drawDevice(t, d, now)
		if d.Ended(now) {
			former = append(former, r.node)
		} else {
			present = append(present, r.node)
		}
	}
	for i := range t.Pending { // those that are in no list yet
		p := &t.Pending[i]
		known := slices.ContainsFunc(t.Devices, func(d viewer.Device) bool { return d.Device == p.Device })
		if p.Kind == grant.Add && !known {
			r := s.device(p.Device)
			r.drawPending(t, p)
			present = append(present, r.node)
		}
	}
	s.node.Part("devices").Order(present)
	s.node.Part("former").Order(former)
	s.node.Part("former-part").Show(len(former) > 0)
	s.node.Part("former-part").Find("summary").SetText(words.Sayf("Access ended (%d)", len(former)))
}

func (s *section) device(key identity.DevicePublic) *row {
	r := s.devices[key]
	if r == nil {
		r = newDeviceRow(s.p, s.agent, key)
		s.devices[key] = r
	}
	return r
}

func (s *section) drawInvites(t *viewer.Trust) {
	now := s.p.Now()
	var nodes []dom.Node
	for i := range t.Invites {
		invitation := &t.Invites[i]
		if invitation.Redeemable(now) != nil {
			continue
		}
		r := s.invites[invitation.Key]
		if r == nil {
			r = newInviteRow(s.p, s.agent, invitation)
			s.invites[invitation.Key] = r
		}
		r.drawInvite(t, invitation, now)
		nodes = append(nodes, r.node)
	}
	s.node.Part("invites").Order(nodes)
	s.node.Part("invites-part").Show(len(nodes) > 0)
}
