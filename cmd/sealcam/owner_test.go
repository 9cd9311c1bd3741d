package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/grant"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/viewer"
)

// Everything that an owner does on the command line, in the order of an owner's life.
func TestOwner(t *testing.T) {
	h := newHouse(t)
	for _, args := range [][]string{{"devices"}, {"invite", "Ann"}, {"revoke", "Ann"}, {"rename", "a", "b"}, {"journal"}, {"approve"}, {"repair"}} {
		h.fails("", "sealcam agent claim", args...)
	}
	h.claim()
	h.fails("", "is an owner already", "claim", h.claimLink())

	list := h.must("", "devices")
	if !strings.Contains(list, "(this command line)  owner") || !strings.Contains(list, "connected") {
		t.Errorf("the list:\n%s", list)
	}
	h.fails("", `no camera "Garden"; there are "Porch", "Hall"`, "invite", "Ann's phone", "-cameras", "Garden")
	h.fails("", "within 30 days", "invite", "Ann's phone", "-within", "31d")
	h.fails("", "leave -cameras", "invite", "Ann's phone", "-role", "owner", "-for", "1d")
	h.fails("", "must end", "invite", "Ann's phone", "-within", "never")

	out := h.must("", "invite", "Ann's phone", "-cameras", "porch", "-for", "2d")
	link := regexp.MustCompile(`http\S+#invite=\S+`).FindString(out)
	if !strings.HasPrefix(link, h.server+"/#invite=") {
		t.Fatalf("no link:\n%s", out)
	}
	if list = h.must("", "devices"); !strings.Contains(list, "Invitations:") || !strings.Contains(list, "guest, Porch, until") {
		t.Errorf("the list:\n%s", list)
	}
	ann := h.open(link)
	ann.awaitReady(t)
	list = h.must("", "devices")
	if !regexp.MustCompile(`Ann's phone +guest +Porch .* connected`).MatchString(list) || strings.Contains(list, "Invitations:") {
		t.Errorf("the list:\n%s", list)
	}

	h.must("", "rename", "ann's PHONE", "Ann’s tablet")
	h.fails("", "There is no device", "rename", "Ann's phone", "x")
	ann.viewer.Wish([]viewer.Wish{{Key: viewer.TileKey{Agent: agentOf(t, h), Camera: ann.viewer.Snapshot().Tiles[0].Key.Camera}}})
	for list = ""; !strings.Contains(list, "watches Porch"); {
		list = h.must("", "devices")
	}
	if journal := h.must("", "journal"); !regexp.MustCompile(`still +Ann’s tablet +Porch`).MatchString(journal) {
		t.Errorf("the journal:\n%s", journal)
	}

	h.fails("n\n", "nothing was done", "revoke", "Ann’s tablet")
	h.fails("", "nobody to answer", "revoke", "Ann’s tablet")
	if out = h.must("y\n", "revoke", "Ann’s tablet"); !strings.Contains(out, "the agent has confirmed it") {
		t.Errorf("revoking says %q", out)
	}
	ann.await(t, "revoked", func(s viewer.HomeStatus) bool { return s.Reason == viewer.ReasonRevoked })
	if list = h.must("", "devices", "-all"); !regexp.MustCompile(`Ann’s tablet .* revoked`).MatchString(list) || !strings.Contains(list, "used") {
		t.Errorf("the list:\n%s", list)
	}
	if journal := h.must("", "journal", "-device", "Ann’s tablet", "-n", "1"); strings.Count(journal, "\n") != 2 || strings.Contains(journal, "still") {
		t.Errorf("the journal:\n%s", journal)
	}

	// An invitation that was taken back lets nobody in.
	link = regexp.MustCompile(`http\S+#invite=\S+`).FindString(h.must("", "invite", "Bob", "-role", "viewer"))
	h.must("", "revoke", "-yes", "Bob")
	h.open(link).await(t, "refused", func(s viewer.HomeStatus) bool { return s.Reason == viewer.ReasonInviteVoid })

	h.fails("", "The last owner", "revoke", "-yes", h.fingerprint(t))

	// The command line survives restarts of the agent, and says so when it is not there.
	h.stopAgent()
	h.fails("", "Check that it is switched on", "devices")
	h.startAgent()
	h.must("", "devices")
}

func agentOf(t *testing.T, h *house) [32]byte {
	t.Helper()
	p, err := (&agentFlags{Config: h.config}).place()
	if err != nil {
		t.Fatal(err)
	}
	return p.agent
}

// fingerprint is the short id of the command line.
func (h *house) fingerprint(t *testing.T) string {
	t.Helper()
	key, err := readConsoleKey(h.dir)
	if err != nil {
		t.Fatal(err)
	}
	return key.Public().ID().Fingerprint()[:9]
}

func TestClaimGoesWrong(t *testing.T) {
	h := newHouse(t)
	other := pairing.Link{Server: h.server, Agent: [32]byte{1}, Secret: pairing.Secret{1}}.String()
	h.fails("", "nobody to answer", "claim")
	h.fails("", "no link of that kind", "claim", "https://cams.example")
	h.fails("", "incomplete or mistyped", "claim", h.claimLink()+"x")
	h.fails("", "another agent", "claim", other)

	c := start(t, "agent", "claim", "-config", h.config, h.claimLink())
	words := shownWords(t, c)
	c.answer("wrong")
	c.answer("wrong")
	c.stderr.find(t, 0, "Look at your paper")
	c.answer("wrong")
	if code := c.wait(); code != 1 || !strings.Contains(c.stderr.String(), "Nothing was claimed") {
		t.Errorf("exit code %d: %s", code, c.stderr)
	}
	if strings.Contains(c.stderr.String(), words[0]+" ") && strings.Contains(c.stderr.String(), words[1]+" ") {
		t.Error("the words stand on standard error")
	}
	h.fails("", "not an owner yet", "devices")

	// A link that is not the agent's: its secret is wrong.
	agent, secret, err := pairing.ParseFragment(fragment(h.claimLink()))
	if err != nil {
		t.Fatal(err)
	}
	secret[0] ^= 1
	c = start(t, "agent", "claim", "-config", h.config, pairing.Link{Server: h.server, Agent: agent, Secret: secret}.String())
	answerWords(t, c, shownWords(t, c))
	if code := c.wait(); code != 1 || !strings.Contains(c.stderr.String(), "throw them away") {
		t.Errorf("exit code %d: %s", code, c.stderr)
	}
	h.claim() // and then it works
	for name, mode := range map[string]os.FileMode{consoleKeyFile: 0o600, consoleHomeFile: 0o600} {
		info, err := os.Stat(filepath.Join(h.dir, name))
		if err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

// Ctrl-C at a question ends the command, which then did nothing.
func TestInterrupted(t *testing.T) {
	h := newHouse(t)
	for _, name := range []string{"claim", "join"} {
		c := start(t, "agent", name, "-config", h.config)
		if name == "claim" {
			c.stderr.find(t, 0, "Paste the link")
		} else {
			c.stdout.find(t, 0, "type this code")
		}
		c.stop()
		if code := c.wait(); code != interrupted {
			t.Errorf("%s: exit code %d: %s", name, code, c.stderr)
		}
	}
	h.fails("", "not an owner yet", "devices")
}

// second makes another command line beside the same agent: a state folder with its key.
func (h *house) second(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	key, err := os.ReadFile(filepath.Join(h.dir, "agent.key"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "agent.key"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"-state", dir, "-server", h.server, "-config", filepath.Join(dir, "none.toml")}
}

// Join and approve are the two halves of a meeting.
func TestJoinAndApprove(t *testing.T) {
	h := newHouse(t)
	h.claim()
	other := h.second(t)

	join := start(t, append([]string{"agent", "join"}, other...)...)
	code := join.stdout.find(t, 0, `\n    ([0-9A-Z]{4}-[0-9A-Z]{4})\n`)
	meet := func(role string, code string) (approve *command, digits string) {
		approve = start(t, "agent", "approve", "-config", h.config, "-role", role)
		approve.stderr.find(t, 0, "The code that the screen shows")
		approve.answer(strings.ToLower(code))
		return approve, approve.stderr.find(t, 0, `\n    (\d{3} \d{3})\n`)
	}

	// The first time somebody sees other digits.
	approve, digits := meet("owner", code)
	if shown := join.stderr.find(t, 0, `\n    (\d{3} \d{3})\n`); shown != digits {
		t.Fatalf("one shows %s, the other %s", digits, shown)
	}
	join.stderr.find(t, 0, "same digits")
	join.answer("n")
	join.stderr.find(t, 0, "The digits differ")
	approve.answer("y")
	if approve.wait() != 1 || !strings.Contains(approve.stderr.String(), "The digits differ") {
		t.Errorf("approve: %s", approve.stderr)
	}
	from := len(join.stderr.String())

	// Meetings do not follow each other at once, so the other half may have to try again.
	for again := true; again; {
		approve = start(t, "agent", "approve", "-config", h.config, "-role", "owner", code)
		again = !approve.says("Does it?")
	}
	join.stderr.find(t, from, "same digits")
	approve.answer("y")
	join.answer("y")
	if approve.wait() != 0 || join.wait() != 0 {
		t.Fatalf("approve: %s%s\njoin: %s%s", approve.stdout, approve.stderr, join.stdout, join.stderr)
	}
	if c, out, problems := ask(t, "", append([]string{"agent", "devices"}, other...)...); c != 0 || strings.Count(out, "owner") != 2 {
		t.Errorf("the second owner's list: %s%s", out, problems)
	}
	if list := h.must("", "devices"); strings.Count(list, " owner ") != 2 {
		t.Errorf("the first owner's list: %s", list)
	}

	// An owner may go, if another stays.
	h.must("", "revoke", "-yes", h.fingerprint(t))
	h.fails("", "not an owner any more", "devices")
}

func TestApproveGoesWrong(t *testing.T) {
	h := newHouse(t)
	h.claim()
	h.fails("", "eight letters and digits", "approve", "K7QF")
	h.fails("", "No screen shows this code", "approve", "k7qf-2mrp")
	h.fails("", "incomplete or mistyped", "approve", "https://cams.example/#pair=v1.K7QF2MRP.x")
	h.fails("", "no camera", "approve", "k7qf-2mrp", "-cameras", "x")
	if code, _, stderr := h.ask("", "approve", "k7qf-2mrp", "-for", "soon"); code != 2 || !strings.Contains(stderr, "is no time: write it like") {
		t.Errorf("exit code %d: %s", code, stderr)
	}
}

// A join as something less than an owner says what to do.
func TestJoinAsGuest(t *testing.T) {
	h := newHouse(t)
	h.claim()
	other := h.second(t)
	join := start(t, append([]string{"agent", "join"}, other...)...)
	link := join.stdout.find(t, 0, `\n    ([0-9A-Z]{4}-[0-9A-Z]{4})\n`)
	approve := start(t, "agent", "approve", "-config", h.config, "-role", "guest", link)
	approve.stderr.find(t, 0, "Does it?")
	join.stderr.find(t, 0, "same digits")
	join.answer("y")
	approve.answer("yes")
	if approve.wait() != 0 || join.wait() != 1 || !strings.Contains(join.stderr.String(), "make it an owner") {
		t.Errorf("approve: %s%s\njoin: %s%s", approve.stdout, approve.stderr, join.stdout, join.stderr)
	}
	c, out, problems := ask(t, "", append([]string{"agent", "devices"}, other...)...)
	checkFailure(t, c, out, problems, "let in as a guest")
}

func TestRecover(t *testing.T) {
	h := newHouse(t)
	words := h.claim()
	link := pairing.RecoverLink{Server: h.server, Agent: agentOf(t, h)}.String()
	fields := strings.Fields(words)

	for stdin, says := range map[string]string{
		"":                                     "24 words; count them",
		strings.Join(fields[:23], " "):         "24 words; count them",
		words + " " + fields[0]:                "24 words; count them",
		"zzz " + strings.Join(fields[1:], " "): "Word 1 is not a word",
	} {
		code, out, problems := ask(t, stdin+"\n", "recover", link)
		checkFailure(t, code, out, problems, says)
	}
	stranger := "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon " +
		"abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon art\n"
	code, out, problems := ask(t, stranger, "recover", link)
	checkFailure(t, code, out, problems, "belongs to another home")
	for _, args := range [][]string{{link + "x"}, {"https://cams.example/"}, {"-agent", "sca1"}, {"-config", filepath.Join(h.dir, "none.toml")}, {"-agent", link[len(link)-52:]}} {
		code, out, problems := ask(t, words+"\n", append([]string{"recover"}, args...)...)
		checkFailure(t, code, out, problems, "sealcam: ")
	}

	// Every device but this paper is lost, and one was stolen.
	c := start(t, "recover", "-revoke-all", link)
	c.stderr.find(t, 0, "Type the 24 words")
	c.answer("  " + strings.ToUpper(strings.Join(fields[:12], "  ")))
	c.answer(strings.Join(fields[12:], "\t"))
	invite := c.stdout.find(t, 0, `(http\S+#invite=\S+)`)
	h.fails("", "not an owner any more", "devices")
	browser := h.open(invite)
	browser.await(t, "an owner", func(s viewer.HomeStatus) bool { return s.Ready && s.Role == grant.Owner })
	if c.wait() != 0 || !strings.Contains(c.stdout.String(), "given its own access back") {
		t.Fatalf("recover: %s%s", c.stdout, c.stderr)
	}
	if strings.Contains(c.stdout.String()+c.stderr.String(), fields[3]+" "+fields[4]) {
		t.Error("the words were written")
	}
	var owners []string
	browser.await(t, "in step", func(viewer.HomeStatus) bool {
		trust, ok := browser.viewer.Trust(agentOf(t, h))
		owners = nil
		for _, d := range trust.Devices {
			if !d.Revoked {
				owners = append(owners, d.Name)
			}
		}
		return ok && len(owners) == 1
	})
	if owners[0] != "Recovered owner" {
		t.Errorf("owned by %q", owners)
	}
}

func TestReset(t *testing.T) {
	h := newHouse(t)
	h.claim()
	before := agentOf(t, h)
	h.fails("reset\n", "stop it first", "reset")
	h.stopAgent()
	h.fails("yes\n", "nothing was done", "reset")
	h.fails("", "nobody to answer", "reset")
	out := h.must("reset\n", "reset")
	moved := regexp.MustCompile(`kept in (\S+)\. `).FindStringSubmatch(out)
	if moved == nil {
		t.Fatalf("says %q", out)
	}
	for _, name := range []string{"agent.key", consoleKeyFile, consoleHomeFile} {
		if _, err := os.Stat(filepath.Join(moved[1], name)); err != nil {
			t.Error(err)
		}
	}
	if out = h.must("", "reset", "-yes"); !strings.Contains(out, "nothing to reset") {
		t.Errorf("again it says %q", out)
	}
	h.startAgent()
	if agentOf(t, h) == before {
		t.Error("the same agent")
	}
	h.fails("", "not an owner yet", "devices")
	h.claim()
}

func TestDamagedFiles(t *testing.T) {
	h := newHouse(t)
	h.claim()
	home := filepath.Join(h.dir, consoleHomeFile)
	good, err := os.ReadFile(home)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"cut off":     string(good[:len(good)/2]),
		"no JSON":     "knock",
		"wrong knock": strings.Replace(string(good), `"knock": "`, `"knock": "zz`, 1),
		"wrong agent": strings.Replace(string(good), `"agent": "sca1`, `"agent": "sca2`, 1),
	} {
		if err := os.WriteFile(home, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		t.Log(name)
		h.fails("", consoleHomeFile+" is damaged", "devices")
	}
	if err := os.WriteFile(home, good, 0o600); err != nil {
		t.Fatal(err)
	}
	h.must("", "devices")
	if err := os.WriteFile(filepath.Join(h.dir, consoleKeyFile), []byte("short"), 0o600); err != nil {
		t.Fatal(err)
	}
	h.fails("", consoleKeyFile+" is damaged", "devices")
}

// An agent whose list was put back to an older state is found out, and can be given back what it lost.
func TestRollback(t *testing.T) {
	h := newHouse(t)
	h.claim()
	h.stopAgent()
	old := t.TempDir()
	if err := os.CopyFS(filepath.Join(old, "state"), os.DirFS(h.dir)); err != nil {
		t.Fatal(err)
	}
	h.startAgent()
	h.must("", "invite", "Ann's phone")
	h.must("", "revoke", "-yes", "Ann's phone")
	h.stopAgent()
	for _, name := range []string{consoleKeyFile, consoleHomeFile} {
		if err := os.Remove(filepath.Join(old, "state", name)); err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(h.dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(old, "state", name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	h.dir = filepath.Join(old, "state")
	h.write("[[camera]]\nname = \"Porch\"\ntestcard = true\n")
	h.startAgent()
	h.fails("", "an invitation for “Ann's phone”", "devices")
	h.fails("", "sealcam agent repair", "invite", "Bob")
	if out := h.must("", "repair"); !strings.Contains(out, "has it all again") {
		t.Errorf("repairing says %q", out)
	}
	h.must("", "devices")
	if out := h.must("", "repair"); !strings.Contains(out, "Nothing is missing") {
		t.Errorf("again it says %q", out)
	}
}
