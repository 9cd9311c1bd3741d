//go:build js

// Package locale writes days and times as people read them where this device is: in the page's language, with their region's habits
// (ECMA-402, Intl.DateTimeFormat).
package locale

import (
	"sync"
	"syscall/js"
	"time"

	"github.com/sealcam/sealcam/viewer/words"
)

// Date writes the day of t, in t's own time zone: "2 Jan 2006".
func Date(t time.Time) string { return format("date", t) }

// Time writes hours and minutes of t, in t's own time zone.
func Time(t time.Time) string { return format("time", t) }

// Moment writes the day and the time of t in its own time zone: without the year if it is now's, and "today" on the same day. With a now
// of zero everything is written.
func Moment(t, now time.Time) string {
	if now.IsZero() {
		return format("long", t)
	}
	now = now.In(t.Location())
	switch {
	case t.Year() == now.Year() && t.YearDay() == now.YearDay():
		return words.Sayf("today, %s", Time(t))
	case t.Year() == now.Year():
		return format("year", t)
	}
	return format("long", t)
}

// options of each format.
var options = map[string]map[string]any{
	"date": {"day": "numeric", "month": "short", "year": "numeric"},
	"time": {"hour": "numeric", "minute": "2-digit"},
	"year": {"day": "numeric", "month": "long", "hour": "numeric", "minute": "2-digit"},
	"long": {"day": "numeric", "month": "long", "year": "numeric", "hour": "numeric", "minute": "2-digit"},
}

// made keeps the formats: making one takes longer than using it.
var made struct {
	mu       sync.Mutex
	language string
	formats  map[string]js.Value
}

// format writes t as if its wall clock were UTC's, since a page knows time zones by their names only.
func format(name string, t time.Time) string {
	made.mu.Lock()
	defer made.mu.Unlock()
	if language := words.Language(); made.formats == nil || made.language != language {
		made.language, made.formats = language, map[string]js.Value{}
	}
	f, ok := made.formats[name]
	if !ok {
		o := map[string]any{"timeZone": "UTC"}
		for key, value := range options[name] {
			o[key] = value
		}
		f = js.Global().Get("Intl").Get("DateTimeFormat").New(region(made.language), o)
		made.formats[name] = f
	}
	_, offset := t.Zone()
	return f.Call("format", t.UnixMilli()+int64(offset)*1000).String()
}

// region returns the first of the browser's languages that is the page's, with its region, such as "en-GB"; else the page's.
func region(language string) string {
	if page := js.Global().Get("sealcam"); page.Truthy() && page.Get("words").Truthy() { // static/words.js
		return page.Get("words").Call("region").String()
	}
	return language
}
