package sentences

import (
	"fmt"

	"github.com/sealcam/sealcam/camera/rtsp"
	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/e2ee/pairing"
	"github.com/sealcam/sealcam/signal"
	"github.com/sealcam/sealcam/viewer/words"
)

// Elsewhere returns the sentences of packages that know nothing of package words, and which the page shows: what an agent says of its
// cameras, what is wrong with a connection, an id or a code.
func Elsewhere() []Sentence {
	var found []Sentence
	add := func(text, where string) { found = append(found, Sentence{words.Whole(text), false, where}) }
	for p := rtsp.Password; p <= rtsp.Rejected; p++ {
		add(p.Advice(), "package camera/rtsp")
	}
	for code := signal.CodeBadLogin; code <= signal.CodeTooSlow; code++ {
		add((&signal.Refusal{Code: code}).Error(), fmt.Sprintf("package signal, code %d", code))
	}
	for _, err := range []error{signal.ErrUnreachable, signal.ErrNotSealcam, signal.ErrSilent, signal.ErrLost} {
		add(err.Error(), "package signal")
	}
	for _, err := range []error{pairing.ErrCode, pairing.ErrPin, pairing.ErrMistyped, pairing.ErrLinkVersion} {
		add(err.Error(), "package e2ee/pairing")
	}
	for _, err := range []error{identity.ErrChecksum, identity.ErrPhraseLength, identity.ErrPhraseChecksum} {
		add(err.Error(), "package e2ee/identity")
	}
	return found
}
