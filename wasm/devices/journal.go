//go:build js

package devices

import (
	"context"
	"time"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
	"github.com/sealcam/sealcam/viewer/words"
	"github.com/sealcam/sealcam/wasm/dialog"
	"github.com/sealcam/sealcam/wasm/dom"
)

// journalPage is how many visits are fetched at a time.
const journalPage = 50

// journal shows who watched which camera when.
func (p *Panel) journal(agent identity.AgentID) {
	v := p.Dialog.Push(words.Say("Who watched when"), dom.Clone("view-journal"))
	var before uint64
	errorNode, busy, more, list := v.Body.Part("error"), v.Body.Part("busy"), v.Body.Action("more"), v.Body.Part("visits")
	fetch := func() {
		more.Enable(false)
		errorNode.Write("")
		busy.Write(words.Say("Asking the agent"))
		var page viewer.JournalPage
		v.Go(func(ctx context.Context) (err error) {
			page, err = p.Operations().Journal(ctx, agent, before, journalPage)
			return said(err)
		}, func(err error) {
			busy.Write("")
			more.Enable(true)
			more.Show(err != nil || !page.End)
			if err != nil {
				errorNode.Write(dialog.Sentence(err))
				return
			}
			for i := range page.Visits {
				list.Add(p.visit(agent, &page.Visits[i]))
				before = page.Visits[i].Number
			}
			v.Body.Part("none").Show(list.Get("childElementCount").Int() == 0)
		})
	}
	v.OnClick(more, fetch)
	fetch()
}

func (p *Panel) visit(agent identity.AgentID, visit *viewer.Visit) dom.Node {
	n := dom.Clone("visit")
	name := visit.Device.ID().Fingerprint()
	if d, ok := p.device(agent, visit.Device); ok {
		name = d.Name
	}
	n.SetAttr("data-visit", visit.Device.ID().String())
	n.Part("device").SetText(name)
	camera := words.Say("a camera that is gone")
	if h := p.home(agent); h != nil {
		camera = cameraNames(&h.Trust, []identity.CameraID{visit.Camera})
	}
	n.Part("camera").SetText(camera)
	n.Part("time").SetText(visitTime(visit, p.Now()))
	return n
}

func visitTime(visit *viewer.Visit, now time.Time) string {
	if visit.Ended.IsZero() {
		return words.Sayf("%s, still watching", moment(visit.Began, now))
	}
	return words.Sayf("%s, for %s", moment(visit.Began, now), words.Duration(visit.Ended.Sub(visit.Began)))
}
