package h264

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sealcam/sealcam/codec"
)

// BenchmarkDecode decodes the streams that the environment variable SEALCAM_H264_CLIPS names by a pattern.
func BenchmarkDecode(b *testing.B) {
	names, _ := filepath.Glob(os.Getenv("SEALCAM_H264_CLIPS"))
	for _, n := range names {
		data, err := os.ReadFile(n)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.TrimSuffix(filepath.Base(n), filepath.Ext(n)), func(b *testing.B) {
			d := NewDecoder(Options{MaxPictures: -1})
			frames := 0
			b.ReportAllocs()
			for b.Loop() {
				d.Decode(codec.AccessUnit{Data: data}, func(*Picture) { frames++ })
				d.Flush(func(*Picture) { frames++ })
			}
			b.ReportMetric(b.Elapsed().Seconds()*1000/float64(frames), "ms/frame")
		})
	}
}
