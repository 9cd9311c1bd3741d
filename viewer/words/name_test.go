package words_test

import (
	"testing"

	"github.com/sealcam/sealcam/viewer/words"
)

func TestName(t *testing.T) {
	for name, want := range map[string]string{
		"": "", "Porch": "Porch", "👶🏽 <b>Nursery</b>": "👶🏽 <b>Nursery</b>", "門口": "門口",
		"حديقة": "\u2068حديقة\u2069", "Cam גינה 2": "\u2068Cam גינה 2\u2069",
	} {
		if got := words.Name(name); got != want {
			t.Errorf("%q becomes %q, want %q", name, got, want)
		}
	}
}
