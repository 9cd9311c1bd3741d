package browser

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/target"
	"github.com/chromedp/chromedp"
)

// KeepDownloads has the page's downloads go into a folder.
func (p *Page) KeepDownloads(folder string) {
	p.tb.Helper()
	t, ok := p.tab.(*chromiumTab)
	if !ok {
		p.tb.Fatalf("downloads are kept in Chromium alone")
	}
	keep := func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		info, err := cdp.Call(ctx, t, target.GetTargetInfo, target.GetTargetInfoParams{})
		if err != nil {
			return chromedp.Void{}, err
		}
		_, err = cdp.Call(ctx, t, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllow, BrowserContextID: info.TargetInfo.BrowserContextID, DownloadPath: folder,
		})
		return chromedp.Void{}, err
	}
	err := p.do(func(ctx context.Context) error { return t.do(ctx, keep) })
	if err != nil {
		p.tb.Fatalf("keep downloads: %v", err)
	}
}

// WaitDownload waits for a whole file in the folder that KeepDownloads was given, other than those named, and returns its path.
func (p *Page) WaitDownload(folder string, timeout time.Duration, but ...string) string {
	p.tb.Helper()
	path, ok := poll(p, timeout, func() (string, bool) {
		entries, err := os.ReadDir(folder)
		if err != nil {
			p.tb.Fatalf("downloads: %v", err)
		}
	files:
		for _, e := range entries {
			path := filepath.Join(folder, e.Name())
			for _, former := range but {
				if former == path {
					continue files
				}
			}
			// Chromium takes the name with an empty file, and puts the whole one in its place at the end.
			info, err := e.Info()
			if err == nil && info.Size() > 0 && !strings.HasPrefix(e.Name(), ".") && !strings.HasSuffix(e.Name(), ".crdownload") {
				return path, true
			}
		}
		return "", false
	})
	if !ok {
		p.tb.Fatalf("nothing was downloaded within %v", timeout)
	}
	return path
}
