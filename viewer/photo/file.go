package photo

import (
	"encoding/binary"
	"hash/adler32"
	"hash/crc32"
	"slices"
	"strings"
	"time"
)

// Text is one text chunk.
type Text struct {
	Keyword string // 1 to 79 characters of Latin-1, as PNG §11.3.3.1 names them: "Title", "Creation Time"
	Value   string
}

const (
	signature  = "\x89PNG\r\n\x1a\n"
	maxKeyword = 79
	// maxText bounds each text: names and notes are shorter.
	maxText = 4096
)

// File returns a PNG file of 8-bit RGB. stream is the zlib stream of the picture's Scanlines; modified is when the file was made.
func (p *Picture) File(stream []byte, texts []Text, modified time.Time) []byte {
	b := make([]byte, 0, len(stream)+4096)
	b = append(b, signature...)
	header := binary.BigEndian.AppendUint32(nil, uint32(p.Width))
	header = binary.BigEndian.AppendUint32(header, uint32(p.Height))
	header = append(header, 8, 2, 0, 0, 0) // bits a sample, truecolour, and the only compression, filter method, and no interlacing
	b = appendChunk(b, "IHDR", header)
	b = appendChunk(b, "sRGB", []byte{0}) // as the page shows it: perceptual intent
	utc := modified.UTC()
	stamp := binary.BigEndian.AppendUint16(nil, uint16(utc.Year()))
	b = appendChunk(b, "tIME", append(stamp, byte(utc.Month()), byte(utc.Day()), byte(utc.Hour()), byte(utc.Minute()), byte(utc.Second())))
	for _, t := range texts {
		if t.Value != "" && validKeyword(t.Keyword) {
			b = appendChunk(b, "iTXt", international(t))
		}
	}
	b = appendChunk(b, "IDAT", stream)
	return appendChunk(b, "IEND", nil)
}

// appendChunk appends a chunk with its length and checksum (PNG §5.3).
func appendChunk(b []byte, kind string, data []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(data)))
	at := len(b)
	b = append(b, kind...)
	b = append(b, data...)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b[at:]))
}

// international makes an iTXt chunk's data, without compression, language tag and translated keyword (PNG §11.3.3.4).
func international(t Text) []byte {
	value := strings.ToValidUTF8(strings.ReplaceAll(t.Value, "\x00", ""), "\uFFFD")
	if len(value) > maxText {
		value = strings.ToValidUTF8(value[:maxText], "")
	}
	return slices.Concat([]byte(t.Keyword), []byte{0, 0, 0, 0, 0}, []byte(value))
}

func validKeyword(k string) bool {
	for i := range len(k) {
		if k[i] < ' ' || k[i] > '~' {
			return false
		}
	}
	return k != "" && len(k) <= maxKeyword && strings.TrimSpace(k) == k
}

// Stored returns a zlib stream (RFC 1950) of data without compression, for browsers that cannot compress.
func Stored(data []byte) []byte {
	const most = 65535 // bytes in a stored block: RFC 1951 §3.2.4
	b := make([]byte, 0, len(data)+len(data)/most*5+16)
	b = append(b, 0x78, 0x01)
	for rest := data; ; {
		n := min(len(rest), most)
		final := byte(0)
		if n == len(rest) {
			final = 1
		}
		b = append(b, final)
		b = binary.LittleEndian.AppendUint16(b, uint16(n))
		b = binary.LittleEndian.AppendUint16(b, ^uint16(n))
		b = append(b, rest[:n]...)
		if rest = rest[n:]; final == 1 {
			return binary.BigEndian.AppendUint32(b, adler32.Checksum(data))
		}
	}
}
