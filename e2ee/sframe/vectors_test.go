package sframe

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"crypto/sha512"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"testing"
)

//go:embed testdata/sframe-rfc9605.json
var vectorsJSON []byte

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) (err error) {
	*h, err = hex.DecodeString(string(text))
	return err
}

type ctrHMACVector struct {
	Suite Suite    `json:"cipher_suite"`
	Key   hexBytes `json:"key"`
	Nonce hexBytes `json:"nonce"`
	AAD   hexBytes `json:"aad"`
	PT    hexBytes `json:"pt"`
	CT    hexBytes `json:"ct"`
}

type vectors struct {
	Header []struct {
		KID, CTR uint64
		Encoded  hexBytes
	} `json:"header"`
	AES128 []ctrHMACVector `json:"aes_ctr_hmac"`
	AES256 []ctrHMACVector `json:"aes_256_ctr_hmac"`
	SFrame []struct {
		Suite     Suite    `json:"cipher_suite"`
		KID       uint64   `json:"kid"`
		CTR       uint64   `json:"ctr"`
		BaseKey   hexBytes `json:"base_key"`
		KeyLabel  hexBytes `json:"sframe_key_label"`
		SaltLabel hexBytes `json:"sframe_salt_label"`
		Secret    hexBytes `json:"sframe_secret"`
		Salt      hexBytes `json:"sframe_salt"`
		Metadata  hexBytes `json:"metadata"`
		Nonce     hexBytes `json:"nonce"`
		AAD       hexBytes `json:"aad"`
		PT        hexBytes `json:"pt"`
		CT        hexBytes `json:"ct"`
	} `json:"sframe"`
}

func load(t testing.TB) vectors {
	t.Helper()
	var v vectors
	if err := json.Unmarshal(vectorsJSON, &v); err != nil {
		t.Fatal(err)
	}
	if len(v.Header) != 289 || len(v.AES128) != 3 || len(v.AES256) != 3 || len(v.SFrame) != 5 {
		t.Fatalf("the file holds %d, %d, %d and %d vectors", len(v.Header), len(v.AES128), len(v.AES256), len(v.SFrame))
	}
	return v
}

func TestHeaderVectors(t *testing.T) {
	for _, v := range load(t).Header {
		h := Header{v.KID, v.CTR}
		if got := h.Append(nil); !bytes.Equal(got, v.Encoded) || h.Len() != len(got) {
			t.Errorf("%+v encodes as %x (length %d), want %x", h, got, h.Len(), v.Encoded)
		}
		got, n, err := ParseHeader(append(bytes.Clone(v.Encoded), 0xff))
		if got != h || n != len(v.Encoded) || err != nil {
			t.Errorf("%x parses as %+v, %d, %v", v.Encoded, got, n, err)
		}
		for cut := range v.Encoded {
			if _, _, err := ParseHeader(v.Encoded[:cut]); err == nil {
				t.Errorf("%x parses when cut to %d bytes", v.Encoded, cut)
			}
		}
	}
}

func TestCTRHMACVectors(t *testing.T) {
	v := load(t)
	tags := map[Suite]int{1: 10, 2: 8, 3: 4, 6: 10, 7: 8, 8: 4}
	run := func(v ctrHMACVector, encSize int, h func() hash.Hash) {
		c, err := ctrHMAC(encSize, h, tags[v.Suite])(v.Key)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.Seal(nil, v.Nonce, v.PT, v.AAD); !bytes.Equal(got, v.CT) {
			t.Errorf("suite %d: sealed %x, want %x", v.Suite, got, v.CT)
		}
		if got, err := c.Open(nil, v.Nonce, v.CT, v.AAD); err != nil || !bytes.Equal(got, v.PT) {
			t.Errorf("suite %d: opened %x, %v; want %x", v.Suite, got, err, v.PT)
		}
	}
	for _, v := range v.AES128 {
		run(v, 16, sha256.New)
	}
	for _, v := range v.AES256 {
		run(v, 32, sha512.New)
	}
}

func TestSFrameVectors(t *testing.T) {
	for _, v := range load(t).SFrame {
		t.Run(v.Suite.String(), func(t *testing.T) {
			k, err := NewKey(v.Suite, v.KID, v.BaseKey)
			if err != nil {
				t.Fatal(err)
			}
			p, err := v.Suite.parameters()
			if err != nil {
				t.Fatal(err)
			}
			if secret, err := hkdf.Extract(p.hash, v.BaseKey, nil); err != nil || !bytes.Equal(secret, v.Secret) {
				t.Errorf("secret %x, want %x", secret, v.Secret)
			}
			if got := label(keyLabel, v.KID, v.Suite); got != string(v.KeyLabel) {
				t.Errorf("key label %q, want %q", got, v.KeyLabel)
			}
			if got := label(saltLabel, v.KID, v.Suite); got != string(v.SaltLabel) {
				t.Errorf("salt label %q, want %q", got, v.SaltLabel)
			}
			if !bytes.Equal(k.salt[:], v.Salt) {
				t.Errorf("salt %x, want %x", k.salt, v.Salt)
			}
			if got := k.Seal(nil, v.CTR, v.Metadata, v.PT); !bytes.Equal(got, v.CT) {
				t.Errorf("sealed %x, want %x", got, v.CT)
			}
			if !bytes.Equal(k.nonce[:], v.Nonce) || !bytes.Equal(k.aad, v.AAD) {
				t.Errorf("nonce %x, want %x; aad %x, want %x", k.nonce, v.Nonce, k.aad, v.AAD)
			}
			if got, err := k.Open(nil, v.CT, v.Metadata); err != nil || !bytes.Equal(got, v.PT) {
				t.Errorf("opened %x, %v; want %x", got, err, v.PT)
			}
		})
	}
}

func ExampleHeader_Append() {
	fmt.Printf("%x\n", Header{KID: 9, CTR: 300}.Append(nil))
	// Output: 8909012c
}
