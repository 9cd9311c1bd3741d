package rtsp

import (
	"errors"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"github.com/bluenviron/gortsplib/v5/pkg/base"
)

// Address is a camera's RTSP address with its user name and password. However it is printed, it shows scheme and host only: many
// cameras carry secrets in the path and the query as well.
type Address struct {
	url url.URL
}

// errAddress is the one answer to all that is no address: a message about a part could repeat a password.
var errAddress = errors.New("this is no RTSP address; write it as rtsp://user:password@192.168.1.20:554/path")

// ParseAddress reads an rtsp:// or rtsps:// address. It takes passwords with characters that should be escaped, such as @, # and %,
// because that is how owners type them. Its error is a sentence that repeats nothing of the address.
func ParseAddress(s string) (Address, error) {
	scheme, rest, ok := strings.Cut(strings.TrimSpace(s), "://")
	scheme = strings.ToLower(scheme)
	if !ok || scheme != "rtsp" && scheme != "rtsps" || len(s) > 2048 || strings.ContainsFunc(s, isControl) {
		return Address{}, errAddress
	}
	user, rest := cutUser(rest)
	host, path := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		host, path = rest[:i], rest[i:]
	}
	u, err := url.Parse(scheme + "://" + host)
	if err != nil || u.Hostname() == "" || u.User != nil || u.Fragment != "" || strings.HasSuffix(u.Host, ":") {
		return Address{}, errAddress
	}
	if p := u.Port(); p != "" {
		if n, err := strconv.ParseUint(p, 10, 16); err != nil || n == 0 {
			return Address{}, errAddress
		}
	}
	u.User = user
	// RFC 2326 has no fragments, so a # is part of the path.
	p, err := url.Parse("rtsp://h" + strings.ReplaceAll(path, "#", "%23"))
	if err != nil {
		p = &url.URL{Path: path} // a lone %: url.URL escapes it
	}
	u.Path, u.RawPath, u.RawQuery, u.ForceQuery = p.Path, p.RawPath, p.RawQuery, p.ForceQuery
	return Address{url: *u}, nil
}

func isControl(r rune) bool { return r < ' ' || r == 0x7f }

// cutUser splits off user name and password. They end at the last @ before the path; if what stands before the path is no host,
// the password holds a slash, and they end at the last @ of all.
func cutUser(s string) (user *url.Userinfo, rest string) {
	end := len(s)
	if i := strings.IndexAny(s, "/?"); i >= 0 {
		end = i
	}
	at := strings.LastIndex(s[:end], "@")
	if at < 0 {
		if _, err := url.Parse("rtsp://" + s[:end]); err == nil && !strings.Contains(s[:end], "#") {
			return nil, s
		}
		if at = strings.LastIndex(s, "@"); at < 0 {
			return nil, s
		}
	}
	name, password, has := strings.Cut(s[:at], ":")
	if !has {
		return url.User(unescape(name)), s[at+1:]
	}
	return url.UserPassword(unescape(name), unescape(password)), s[at+1:]
}

// unescape decodes percent signs where all of them are escapes.
func unescape(s string) string {
	if t, err := url.PathUnescape(s); err == nil {
		return t
	}
	return s
}

// String returns scheme and host.
func (a Address) String() string { return a.url.Scheme + "://" + a.url.Host + "/…" }

// GoString returns what String does, for %#v.
func (a Address) GoString() string { return a.String() }

// LogValue returns what String does.
func (a Address) LogValue() slog.Value { return slog.StringValue(a.String()) }

// HasPassword reports whether the address names a user.
func (a Address) HasPassword() bool { return a.url.User != nil }

// base returns the form that gortsplib takes, with the password.
func (a Address) base() *base.URL {
	u := a.url
	return (*base.URL)(&u)
}
