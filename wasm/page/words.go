//go:build js

package page

import (
	"encoding/json"
	"fmt"
	"syscall/js"

	"github.com/sealcam/sealcam/viewer/words"
)

// UseWords has the program speak the language that words.js chose for the page.
func UseWords() error {
	page := js.Global().Get("sealcam").Get("words")
	text := page.Call("text").String()
	if text == "" {
		return nil
	}
	c := words.Catalogue{Language: page.Call("language").String()}
	if err := json.Unmarshal([]byte(text), &c.Sentences); err != nil {
		return fmt.Errorf("the sentences in %q: %w", c.Language, err)
	}
	words.Use(c)
	return nil
}
