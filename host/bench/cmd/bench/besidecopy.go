package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/thawlog/thaw/core/segment"
	"github.com/thawlog/thaw/fsabstraction"
	"github.com/thawlog/thaw/fsabstraction/osfs"
	"github.com/thawlog/thaw/host"
)

// appendBesideCopy appends to a store while the segments of another are copied, as a compaction
// would write them, but by a goroutine that does nothing else: what any writer of these bytes
// costs an append on this machine.
func appendBesideCopy(j *job) (o outcome, err error) {
	e, err := named(j.Engine)
	if err != nil {
		return o, err
	}
	w, err := e.Create(j.Dir)
	if err != nil {
		return o, err
	}
	if err := os.Mkdir(j.Destination, 0o755); err != nil {
		return o, errors.Join(err, w.Close())
	}
	appends := appendBeside(w, j.Spec)
	appends.wait(int(min(besideEvents, j.Spec.N/10)))
	started := time.Now()
	c := copying{dir: j.Destination, began: started}
	err = o.timed(func() error { return c.segments(j.Source, time.Duration(j.TookNS)) })
	err = errors.Join(err, o.besides(appends, started, withoutCopy, besideCopy))
	return o, errors.Join(err, w.Close(), os.RemoveAll(j.Destination))
}

// copying joins files to larger ones.
type copying struct {
	dir   string
	began time.Time
	pace  float64 // ns for each byte
	file  fsabstraction.WriteFile
	size  int64 // of file
	files int
	total int64
}

const (
	copyPiece = 64 << 10
	copyStart = 256 << 10 // a sync is started for each
)

func (c *copying) segments(source string, took time.Duration) error {
	var names []string
	var size int64
	err := eachFile(source, func(path string, info fs.FileInfo) error {
		if strings.HasSuffix(path, segment.Extension) {
			names, size = append(names, path), size+info.Size()
		}
		return nil
	})
	if err != nil {
		return err
	}
	c.pace = float64(took) / float64(max(size, 1))
	for _, name := range names {
		b, err := os.ReadFile(name)
		for err == nil && len(b) > 0 {
			n := min(len(b), copyPiece)
			err = c.write(b[:n])
			b = b[n:]
		}
		if err != nil {
			return errors.Join(err, c.end())
		}
	}
	return c.end()
}

func (c *copying) write(b []byte) (err error) {
	if c.file == nil {
		c.files++
		if c.file, err = (osfs.FS{}).Create(filepath.Join(c.dir, fmt.Sprint(c.files))); err != nil {
			return err
		}
	}
	if _, err = c.file.WriteAt(b, c.size); err != nil {
		return err
	}
	before := c.size
	c.size += int64(len(b))
	c.total += int64(len(b))
	if s, ok := c.file.(fsabstraction.Starter); ok && c.size/copyStart > before/copyStart {
		if err := s.StartSync(c.size); err != nil && !errors.Is(err, errors.ErrUnsupported) {
			return err
		}
	}
	time.Sleep(time.Duration(float64(c.total)*c.pace) - time.Since(c.began))
	if c.size >= host.DefaultSegmentSize {
		return c.end()
	}
	return nil
}

func (c *copying) end() error {
	if c.file == nil {
		return nil
	}
	f := c.file
	c.file, c.size = nil, 0
	return errors.Join(f.Sync(), f.Close())
}
