package hostile

import (
	"fmt"
	"strings"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/viewer"
)

// Case is one misbehaviour and what Sealcam answers to it. In every case no wrong pixel is drawn, and none that is older than 2 s as
// live; Case says what happens besides.
type Case struct {
	Name  string
	Does  string // what the server does
	Scope Scope
	// State is where the tile gets to, and Reasons what it may say there. With viewer.Live the picture goes on under the misbehaviour;
	// with viewer.Stale the tile turns blank in the end, unless old pictures go on to come (Draws).
	State   viewer.State
	Reasons []viewer.Reason
	Draws   int // so many pictures are drawn meanwhile, in State
	// Counter names the number in sealcam.stats().tiles that grows, such as "resyncs" or "refusals/not authentic". Empty: none.
	Counter string
	Session Session
	Needs   Need

	script func(Target) *Script
}

// Scope is how much of a page a misbehaviour is about.
type Scope uint8

// The scopes.
const (
	OneHome    Scope = iota // one agent; the page's other homes must not notice
	WholePage               // the page's connection to the server
	DirectPath              // a page that takes the direct path only, from its first connection on
)

// Session is what becomes of the session with the agent.
type Session uint8

// The fates of a session. In all of them the picture is back by itself when the misbehaviour ends.
const (
	Kept   Session = iota // it goes on: the viewer does not even knock again
	Remade                // it ends, and another one takes its place
	Either                // one or the other, by how long it lasts
)

// String returns the fate in a word.
func (s Session) String() string {
	switch s {
	case Kept:
		return "goes on"
	case Remade:
		return "made anew"
	}
	return "goes on or made anew"
}

// Need is what a case wants of the world.
type Need uint8

// What there is to want, besides an agent and another one whose frames the server knows.
const (
	Nothing    Need = iota
	TwoCameras      // the agent has two cameras on the page
	MainSeen        // the server has seen frames of the agent's main stream, while the page watches its sub-stream
	Reloaded        // the page was loaded again since the server saw the agent's frames
)

// Target is what a misbehaviour is aimed at.
type Target struct {
	Server   *Server
	Agent    identity.AgentID // whose pictures the viewer is to be deceived about
	Other    identity.AgentID // another home on the same page
	Stranger identity.AgentID // a home of another viewer
}

// On starts the misbehaviour and returns what ends it.
func (c *Case) On(t Target) (stop func()) { return t.Server.Use(c.script(t)) }

// Shows says what the viewer sees, in the words of the table.
func (c *Case) Shows() string {
	if c.State == viewer.Live {
		return "live"
	}
	words := make([]string, len(c.Reasons))
	for i, r := range c.Reasons {
		words[i] = r.String()
	}
	return c.State.String() + ": " + strings.Join(words, " or ")
}

// Table returns the cases as lines of text: name, what the server does, what Sealcam shows, the counter, the session's fate.
func Table(cases []Case) string {
	var t strings.Builder
	for i := range cases {
		c := &cases[i]
		counter := c.Counter
		if counter == "" {
			counter = "-"
		}
		fmt.Fprintf(&t, "%s | %s | %s | %s | %s\n", c.Name, c.Does, c.Shows(), counter, c.Session)
	}
	return t.String()
}
