package camera

import (
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sealcam/sealcam/control"
	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
)

// A link that was tried five times with a wrong secret is no good any more, and the agent shows a new one at once: one, however often
// the old one is tried.
func TestFiveWrongSecretsBringANewLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHome(t)
		defer h.close()
		var mu sync.Mutex
		var links []pairing.Link
		h.a.link = func(l pairing.Link, _ time.Time) {
			mu.Lock()
			defer mu.Unlock()
			links = append(links, l)
		}
		count := func() int {
			mu.Lock()
			defer mu.Unlock()
			return len(links)
		}
		h.wg.Go(func() { h.a.issueLinks(h.ctx) })
		synctest.Wait()
		if count() != 1 {
			t.Fatalf("%d links", count())
		}
		claimant := newDevice(t)
		genesis, err := grant.Genesis(h.root, claimant.Public(), "owner", morning)
		if err != nil {
			t.Fatal(err)
		}
		guess := func(want control.RefuseReason) {
			t.Helper()
			mu.Lock()
			first := links[0]
			mu.Unlock()
			hello := &control.Hello{Version: control.Version, Claim: &control.Claim{Genesis: genesis}}
			h.refused(claimant.Signer(), identity.KnockHash(h.a.ID(), first.Secret.Token()), hello, want)
			synctest.Wait()
		}
		for range pairing.MaxTries - 1 {
			guess(control.RefusedClaimWrong)
			if count() != 1 {
				t.Fatalf("%d links", count())
			}
		}
		guess(control.RefusedClaimOld)
		if count() != 2 || links[1].Secret == links[0].Secret {
			t.Fatalf("%d links after the last try", count())
		}
		for range 3 {
			guess(control.RefusedClaimOld)
		}
		if count() != 2 {
			t.Errorf("%d links after more tries", count())
		}
		time.Sleep(pairing.DefaultTTL + time.Second) // the bubble's time
		synctest.Wait()
		if count() != 3 {
			t.Errorf("%d links once the second has expired", count())
		}
	})
}
