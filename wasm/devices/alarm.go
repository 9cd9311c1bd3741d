//go:build js

package devices

import (
	"context"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

var (
	adviceRepair = words.Later("An old copy of the agent’s folder may have been restored, or somebody took entries out: devices that were removed could come back that way. " +
		"What is missing was signed by an owner and is still valid, so this device can give it back.")
	adviceFork = words.Later("The agent’s list goes on differently than this device saw, so somebody with an owner’s key or the agent itself wrote another one. Nothing is shown from it. " +
		"Check the agent’s machine; if you did not do this, run sealcam agent reset there and claim it again.")
)

// Alarm shows what differs between the agent's list and what this device saw of it, and mends it where that is possible.
func (p *Panel) Alarm(agent identity.AgentID) {
	h := p.home(agent)
	if h == nil || h.Trust.Alarm == nil {
		return
	}
	alarm := h.Trust.Alarm
	v := p.Dialog.Push(words.Say("The agent’s list has changed"), dom.Clone("view-alarm"))
	f := dialog.NewForm(v)
	v.Body.Part("text").SetText(words.Sayf("The list of who may watch at “%s” is not the one that this device saw before. Until it is right again, no pictures are shown.", words.Name(h.Name)))
	for _, sentence := range alarm.Sentences {
		li := dom.Make("li")
		li.SetText(sentence)
		v.Body.Part("differences").Add(li)
	}
	advice := adviceFork
	if alarm.Repairable {
		advice = adviceRepair
	}
	v.Body.Part("advice").SetText(words.Say(advice))
	v.Body.Action("repair").Show(alarm.Repairable)
	f.Confirm(words.Say("Give back what is missing"))
	v.OnSubmit(func() {
		if !alarm.Repairable {
			return
		}
		f.Work(words.Say(waiting), func(ctx context.Context) error { return said(p.Operations().Repair(ctx, agent)) }, func() {
			v := p.Dialog.Replace(words.Say("Mended"), dom.Clone("view-done"))
			v.Body.Part("text").SetText(words.Say("The agent has its whole list again, and the pictures come back."))
			v.OnClick(v.Body.Action("done"), v.Leave)
			v.Body.Action("done").Focus()
		})
	})
}
