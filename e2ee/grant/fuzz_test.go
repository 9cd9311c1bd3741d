//go:build !js

package grant_test

import (
	"bytes"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/e2ee/grant"
)

// An entry that parses is the encoding of what it parses to.
func FuzzParseEntry(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := grant.ParseEntry(b)
		if err != nil {
			return
		}
		if again, err := e.MarshalBinary(); err != nil || !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x, %v", b, again, err)
		}
	})
}

// A log that parses is the encoding of what it parses to, is the same if it was checked before, up to anywhere, and has an owner.
func FuzzParse(f *testing.F) {
	f.Fuzz(func(t *testing.T, b []byte) {
		l, err := grant.Parse(b, agentID)
		if err != nil {
			// What is damaged at the end is refused too when the rest was checked.
			if entries := goodPrefix(b); len(entries) > 0 {
				last := entries[len(entries)-1]
				if _, err := grant.ParseChecked(b, agentID, last.Seq+1, last.Hash()); err == nil {
					t.Error("passes when it was checked in part, and not otherwise")
				}
			}
			return
		}
		if again := mustMarshal(t, l); l.Len() > 0 && !bytes.Equal(again, b) {
			t.Errorf("%x is written again as %x", b, again)
		}
		for _, e := range l.Entries(0) {
			checked, err := grant.ParseChecked(b, agentID, e.Seq+1, e.Hash())
			if err != nil {
				t.Fatal(err)
			}
			sameState(t, checked, l)
		}
		if l.Len() > 0 && len(l.Owners()) == 0 {
			t.Error("nobody owns it")
		}
	})
}

// goodPrefix returns the entries before the first bad one.
func goodPrefix(b []byte) []grant.Entry {
	l := grant.NewLog(agentID)
	if len(b) > 0 {
		_, _ = l.AppendPart(b[1:])
	}
	return l.Entries(0)
}

// The seeds are what their names say, and so reach as deep as they are meant to.
func TestSeedsParse(t *testing.T) {
	for name, want := range map[string]error{
		"empty": nil, "genesis": nil, "invited": nil, "redeemed": nil, "redeemed-revoked": nil, "made-owner": nil,
		"other-terms": grant.ErrInviteTerms, "bad-signature": grant.ErrSignature, "cut": grant.ErrEntry, "missing": grant.ErrChain,
	} {
		text, err := os.ReadFile("testdata/fuzz/FuzzParse/" + name)
		if err != nil {
			t.Fatal(err)
		}
		_, quoted, _ := strings.Cut(strings.TrimSuffix(string(text), ")\n"), "[]byte(")
		seed, err := strconv.Unquote(quoted)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := grant.Parse([]byte(seed), agentID); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
}

func TestFuzzSeedsArePresent(t *testing.T) {
	for _, target := range []string{"FuzzParseEntry", "FuzzParse"} {
		seeds, err := os.ReadDir("testdata/fuzz/" + target)
		if err != nil || len(seeds) < 4 {
			t.Errorf("%s: %d seeds, %v", target, len(seeds), err)
		}
	}
}
