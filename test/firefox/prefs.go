package firefox

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Prefs are preferences by name; values are bool, int or string.
type Prefs map[string]any

// standard are the preferences for machines without a GPU, a sound card or a network, and for pages whose pictures are read back. What
// they leave alone is as users have it. Those that Firefox sets by itself when it is driven (RecommendedPreferences) are not repeated.
func standard() Prefs {
	return Prefs{
		// Every name is this machine: nothing leaves it, and a page by plain http from a name is no secure context, as on a LAN.
		"network.dns.native-is-localhost":             true,
		"network.proxy.type":                          0,
		"network.captive-portal-service.enabled":      false,
		"network.connectivity-service.enabled":        false,
		"network.trr.mode":                            5,
		"network.dns.disablePrefetch":                 true,
		"network.prefetch-next":                       false,
		"app.update.enabled":                          false,
		"app.normandy.enabled":                        false,
		"browser.safebrowsing.downloads.enabled":      false,
		"browser.safebrowsing.malware.enabled":        false,
		"browser.safebrowsing.phishing.enabled":       false,
		"browser.newtabpage.enabled":                  false,
		"browser.region.update.enabled":               false,
		"browser.search.update":                       false,
		"browser.startup.page":                        0,
		"browser.translations.enable":                 false,
		"datareporting.policy.dataSubmissionEnabled":  false,
		"datareporting.healthreport.uploadEnabled":    false,
		"dom.push.connection.enabled":                 false,
		"extensions.getAddons.cache.enabled":          false,
		"extensions.update.enabled":                   false,
		"media.gmp-manager.updateEnabled":             false,
		"messaging-system.rsexperimentloader.enabled": false,
		"services.settings.server":                    "data:,", // no remote settings
		"toolkit.telemetry.enabled":                   false,
		"toolkit.telemetry.unified":                   false,
		"toolkit.telemetry.server":                    "data:,",

		// WebGL by the processor.
		"webgl.force-enabled": true,

		// Cameras and microphones that are not there, without a question.
		"media.navigator.streams.fake":        true,
		"media.navigator.permission.disabled": true,
		"media.autoplay.default":              0,

		// The direct path of tests: this machine without its network.
		"media.peerconnection.ice.loopback": true,

		// What was drawn when, to 0.1 ms and not to a whole one.
		"privacy.reduceTimerPrecision": false,

		// Pages do what they do in front of somebody.
		"focusmanager.testmode":                            true,
		"ui.prefersReducedMotion":                          0,
		"layout.css.prefers-color-scheme.content-override": 1, // light
		"intl.accept_languages":                            "en-US, en",
	}
}

// file returns the preferences as a profile's user.js.
func (p Prefs) file() string {
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(p)) {
		if s, ok := p[name].(string); ok {
			fmt.Fprintf(&text, "user_pref(%q, %q);\n", name, s)
		} else {
			fmt.Fprintf(&text, "user_pref(%q, %v);\n", name, p[name])
		}
	}
	return text.String()
}
