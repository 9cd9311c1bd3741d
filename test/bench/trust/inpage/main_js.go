// Command inpage measures in a browser's page: the parts of a session and of the sealed frame, and sessions through the server that the
// page came from. It leaves its results in globalThis.trust.
package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"syscall/js"

	"github.com/sealcam/sealcam/e2ee/identity"
	"github.com/sealcam/sealcam/test/bench/trust/measure"
)

func main() {
	results, err := run(context.Background())
	answer := map[string]any{"results": "", "error": ""}
	if err != nil {
		answer["error"] = err.Error()
	} else if b, err := json.Marshal(results); err != nil {
		answer["error"] = err.Error()
	} else {
		answer["results"] = string(b)
	}
	js.Global().Set("trust", answer)
}

// run reads "agent.token" out of the address's fragment.
func run(ctx context.Context) ([]measure.Result, error) {
	location := js.Global().Get("location")
	name, tokenText, ok := strings.Cut(strings.TrimPrefix(location.Get("hash").String(), "#"), ".")
	if !ok {
		return nil, errors.New("the address names no agent")
	}
	agent, err := identity.ParseAgentID(name)
	if err != nil {
		return nil, err
	}
	token, err := base64.RawURLEncoding.DecodeString(tokenText)
	if err != nil || len(token) != 16 {
		return nil, errors.New("the address holds no token")
	}
	results, err := measure.Core(ctx, "wasm")
	if err != nil {
		return nil, err
	}
	network, err := measure.Network(ctx, location.Get("origin").String(), "wasm", agent, [16]byte(token))
	return append(results, network), err
}
