package main

import (
	"bufio"
	"crypto/md5"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/sealcam/sealcam/codec"
	"github.com/sealcam/sealcam/codec/h264"
)

// maxStream bounds the file that decode reads.
const maxStream = 1 << 30

type decodeCmd struct {
	MD5  bool   `help:"Print the MD5 of all frames and their count instead of the frames." name:"md5"`
	File string `arg:"" help:"H.264 byte stream (Annex B)." type:"path"`
}

// Run decodes the stream and writes its frames as I420, cropped and in output order.
func (c *decodeCmd) Run(env environment) error {
	info, err := os.Stat(c.File)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", c.File, errors.Unwrap(err))
	}
	if info.Size() > maxStream {
		return fmt.Errorf("%s is larger than 1 GiB: cut it into pieces", c.File)
	}
	data, err := os.ReadFile(c.File)
	if err != nil {
		return fmt.Errorf("cannot read %s: %w", c.File, errors.Unwrap(err))
	}
	sum := md5.New()
	frames := bufio.NewWriterSize(env.stdout, 1<<20)
	var w io.Writer = frames
	if c.MD5 {
		w = sum
	}
	count := 0
	var failed error
	out := func(p *h264.Picture) {
		count++
		if failed == nil {
			failed = writeI420(w, p)
		}
	}
	decoder := h264.NewDecoder(h264.Options{MaxPictures: -1})
	err = decoder.Decode(codec.AccessUnit{Data: data}, out)
	decoder.Flush(out)
	if failed == nil {
		failed = frames.Flush()
	}
	if c.MD5 {
		fmt.Fprintf(env.stdout, "%x %d\n", sum.Sum(nil), count)
	}
	return errors.Join(err, failed)
}

// writeI420 writes the planes of a picture without their padding.
func writeI420(w io.Writer, p *h264.Picture) error {
	planes := []struct {
		data                  []byte
		stride, width, height int
	}{
		{p.Y, p.YStride, p.Width, p.Height},
		{p.Cb, p.ChromaStride, p.Width / 2, p.Height / 2},
		{p.Cr, p.ChromaStride, p.Width / 2, p.Height / 2},
	}
	for _, plane := range planes {
		for y := range plane.height {
			if _, err := w.Write(plane.data[y*plane.stride : y*plane.stride+plane.width]); err != nil {
				return err
			}
		}
	}
	return nil
}
