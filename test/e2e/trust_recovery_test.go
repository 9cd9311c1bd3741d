//go:build e2e

package e2e

import (
	"strconv"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/test/browser"
)

// keyRecord names what the browser's database holds of the root key.
const keyRecord = `new Promise((resolve, reject) => {
	const open = indexedDB.open("sealcam");
	open.onerror = () => reject(open.error);
	open.onsuccess = () => {
		const get = open.result.transaction("keys").objectStore("keys").get("root");
		get.onsuccess = () => { open.result.close(); resolve(Object.keys(get.result ?? {}).sort().join(" ")); };
	};
})`

// The recovery phrase is shown at the claim until it is checked, and then is on paper only. With it a browser that lost everything owns the
// cameras again and takes the access of all others back.
func TestTrustRecovery(t *testing.T) {
	n := startServer(t, nil)
	b := browser.Start(t)
	h := startLasting(t, n.address, t.TempDir(), nil, 1)
	p := own(t, b, h, 1) // puts it off
	if kept := browser.Eval[string](p, keyRecord); kept != "genesis key nonce wrapped" {
		t.Errorf("before the check the database has %q", kept)
	}
	p.Reload()
	p.WaitTiles(1, patience, browser.In(browser.Live))
	p.WaitFor(`!document.getElementById("notice-action").hidden`, patience) // it comes back
	p.Click("#notice-action")
	p.WaitFor(`document.querySelectorAll(".words li").length === 24`, patience)
	words := browser.Eval[[]string](p, `[...document.querySelectorAll(".words li")].map((li) => li.textContent)`)
	link := browser.Eval[string](p, `document.querySelector("#panel [name=link]").value`)
	press(p, `[data-action="written"]`)
	p.WaitFor(opened("Check your paper"), patience)
	asked := browser.Eval[[]string](p, `[...document.querySelectorAll("#panel [name^=word-]")].map((input) => input.name)`)
	if len(asked) != 3 {
		t.Fatalf("asked for %v", asked)
	}
	for i, name := range asked {
		number, err := strconv.Atoi(strings.TrimPrefix(name, "word-"))
		if err != nil {
			t.Fatal(err)
		}
		word := words[number-1]
		if i == 1 {
			write(p, name, "wrong")
			press(p, `[data-action="confirm"]`)
			p.WaitText("Word ", patience)
		}
		write(p, name, strings.ToUpper(word)+" ")
	}
	press(p, `[data-action="confirm"]`)
	p.WaitText("The words are now on your paper only", patience)
	if kept := browser.Eval[string](p, keyRecord); kept != "genesis" {
		t.Errorf("after the check the database has %q", kept)
	}
	press(p, `[data-action="done"]`)
	p.Reload()
	p.WaitTiles(1, patience, browser.In(browser.Live))
	if browser.Eval[bool](p, `!document.getElementById("notice").hidden`) {
		t.Error("the phrase is still asked for")
	}

	// Another profile: everything is lost but the paper.
	fresh := b.NewPage()
	fresh.Open(n.address)
	fresh.WaitText("Restore with 24 words", patience)
	fresh.Click(`#sheet-choices a[href="#recover"]`)
	fresh.WaitFor(opened("Restore with 24 words"), patience)
	write(fresh, "agent", link)
	write(fresh, "words", "zoo "+strings.Join(words[1:], " "))
	press(fresh, `[data-action="confirm"]`)
	fresh.WaitText("do not belong together", patience)
	write(fresh, "words", strings.Replace(strings.Join(words, " "), words[4], "nosuchword", 1))
	press(fresh, `[data-action="confirm"]`)
	fresh.WaitFor(`/5/.test(document.querySelector("#panel [data-part=error]").textContent)`, patience)
	write(fresh, "words", strings.Join(words, "\n"))
	fresh.Click(`#panel [name="revoke"]`)
	press(fresh, `[data-action="confirm"]`)
	fresh.WaitTiles(1, patience, browser.In(browser.Live))
	p.WaitTile("", patience, func(tile browser.Tile) bool { return tile.State == browser.Blank && tile.Reason == "revoked" })
	openDevices(fresh)
	fresh.WaitFor(`document.querySelectorAll('#panel [data-device][data-state="active"]').length === 1`, patience)
	fresh.WaitFor(`document.querySelectorAll('#panel [data-device][data-state="revoked"]').length === 1`, patience)
	fresh.Screenshot("restored")

	// The link of the paper opens the form by itself.
	byLink := b.NewPage()
	byLink.Open(link)
	byLink.WaitFor(opened("Restore with 24 words")+` && document.querySelector("#panel [data-part=agent]").hidden`, patience)
	noExceptions(t, p)
	noExceptions(t, fresh)
}
