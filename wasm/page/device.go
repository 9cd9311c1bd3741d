//go:build js

package page

import (
	"strings"
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/words"
)

// DeviceName guesses a name by which an owner recognises this device, such as "Firefox on Linux".
func DeviceName() string {
	agent := js.Global().Get("navigator").Get("userAgent").String()
	// Order matters: browsers name those that they want to be taken for as well.
	browser := match(agent, words.Say("a browser"), [][2]string{
		{"Edg/", "Edge"},
		{"OPR/", "Opera"},
		{"SamsungBrowser/", "Samsung Internet"},
		{"Firefox/", "Firefox"},
		{"FxiOS/", "Firefox"},
		{"CriOS/", "Chrome"},
		{"Chrome/", "Chrome"},
		{"Safari/", "Safari"},
	})
	system := match(agent, "", [][2]string{
		{"iPhone", "iPhone"},
		{"iPad", "iPad"},
		{"Android", "Android"},
		{"CrOS", "ChromeOS"},
		{"Windows", "Windows"},
		{"Macintosh", "Mac"},
		{"Linux", "Linux"},
	})
	if system == "" {
		return browser
	}
	return words.Sayf("%s on %s", browser, system)
}

func match(s, otherwise string, names [][2]string) string {
	for _, n := range names {
		if strings.Contains(s, n[0]) {
			return n[1]
		}
	}
	return otherwise
}
