//go:build js

// Command program is the reader of QR codes as WASM of its own, called scanner.wasm in the page. Package scan says how it is spoken to.
package main

import (
	"github.com/sealcam/sealcam/wasm/scan"
	"github.com/sealcam/sealcam/wasm/scan/reader"
)

func main() { scan.Serve(reader.Find) }
