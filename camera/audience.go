package camera

import (
	"slices"
	"strings"
)

// Watcher is a device that watches a camera now.
type Watcher struct {
	Name   string // as owners call it
	Camera string
}

// Watchers returns who watches which camera now, by name.
func (a *Agent) Watchers() []Watcher {
	var watchers []Watcher
	for _, s := range a.all() {
		numbers := s.watched()
		if len(numbers) == 0 {
			continue
		}
		a.mu.Lock()
		m, _ := a.grants.Member(s.device)
		a.mu.Unlock()
		for _, n := range numbers {
			w := Watcher{Name: m.Name, Camera: a.hubs[n].name}
			if !slices.Contains(watchers, w) { // a device with two tabs is one
				watchers = append(watchers, w)
			}
		}
	}
	slices.SortFunc(watchers, func(a, b Watcher) int {
		if c := strings.Compare(a.Name, b.Name); c != 0 {
			return c
		}
		return strings.Compare(a.Camera, b.Camera)
	})
	return watchers
}

// Online reports whether a server is connected, so that viewers can come.
func (a *Agent) Online() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.ContainsFunc(a.servers, func(l *serverLink) bool { return l.client != nil })
}

// Owned reports whether somebody has claimed the agent.
func (a *Agent) Owned() bool { return a.owned() }

func (a *Agent) tellChanged() {
	if a.changed != nil {
		a.changed()
	}
}
