package browser

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/systeminfo"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// PermitCamera lets the page's profile use cameras, or forbids it, also while they are used, as a person does in the browser's settings. The
// browser must have been started without use-fake-ui-for-media-stream, which permits everything. Chromium only.
func (p *Page) PermitCamera(yes bool) {
	p.tb.Helper()
	setting := browser.PermissionSettingDenied
	if yes {
		setting = browser.PermissionSettingGranted
	}
	p.command("permit the camera", func(ctx context.Context, t *chromedp.Target) error {
		info, err := cdp.Call(ctx, t, target.GetTargetInfo, target.GetTargetInfoParams{})
		if err != nil {
			return err
		}
		_, err = cdp.Call(ctx, t, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: "camera"}, Setting: setting, BrowserContextID: info.TargetInfo.BrowserContextID,
		})
		return err
	})
}

// LoseCameras ends the browser's process that reads cameras. That is as near as a fake camera comes to being unplugged: whatever was lent ends,
// and a camera that is asked for anew is there again. Chromium on Linux only.
func (p *Page) LoseCameras() {
	p.tb.Helper()
	tab, ok := p.tab.(*chromiumTab)
	if !ok {
		p.tb.Fatalf("lose the cameras: only in Chromium")
	}
	if err := p.do(tab.endCapture); err != nil {
		p.tb.Fatalf("lose the cameras: %v", err)
	}
}

func (t *chromiumTab) endCapture(ctx context.Context) error {
	ctx, cancel := t.within(ctx)
	defer cancel()
	all, err := chromedp.CallBrowser(ctx, systeminfo.GetProcessInfo, cdp.Empty{})
	if err != nil {
		return err
	}
	for _, info := range all.ProcessInfo {
		command, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", info.ID))
		if err != nil || !bytes.Contains(command, []byte("video_capture.mojom.VideoCaptureService")) {
			continue
		}
		process, err := os.FindProcess(int(info.ID))
		if err != nil {
			return err
		}
		return process.Kill()
	}
	return errors.New("no process reads cameras")
}
