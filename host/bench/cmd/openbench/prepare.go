package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/thawlog/thaw/host/bench/source"
	"github.com/thawlog/thaw/host/bench/workload"
)

// storeName is the cache folder of one size of one workload.
func storeName(n int) string { return fmt.Sprintf("n%d-v%d", n, workload.Version) }

func (e *env) storeDir() string { return filepath.Join(e.dir, "store") }

// writing is what store.json says about how the store came to be.
type writing struct {
	Writer  string `json:"writer"`
	WriteNS int64  `json:"write_ns"`
}

// prepareStore makes sure the store is there and picks the question: the event in its middle, by id, and the entity
// that event belongs to.
func (e *env) prepareStore(ctx context.Context) error {
	err := build(e.storeDir(), func(dir string) error {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		// What was made from an earlier store holds other ids.
		for _, name := range []string{"bbolt.db", "sqlite.db", "thaw"} {
			if err := os.RemoveAll(filepath.Join(e.dir, name)); err != nil {
				return err
			}
		}
		n := int(e.events)
		w := writing{Writer: "thaw"}
		started := time.Now()
		if e.batpak == "" {
			if err := generate(dir, n); err != nil {
				return err
			}
		} else {
			w.Writer = "batpak 0.4.0"
			logf("writing %d events with batpak (about 100 s per million)", n)
			if err := e.execute(ctx, "", e.batpak, "fill", dir, fmt.Sprint(n)); err != nil {
				return err
			}
		}
		w.WriteNS = time.Since(started).Nanoseconds()
		text, err := json.Marshal(w)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(e.dir, "store.json"), append(text, '\n'), 0o644)
	})
	if err != nil {
		return err
	}
	src, err := source.Open(e.storeDir())
	if err != nil {
		return err
	}
	defer src.Close()
	if src.Len() != e.events {
		return fmt.Errorf("%s holds %d events, not %d: delete it", e.storeDir(), src.Len(), e.events)
	}
	middle, err := src.At(e.events / 2)
	if err != nil {
		return err
	}
	if err := src.Check(middle, workload.AppendPayload(nil, middle.Sequence())); err != nil {
		return fmt.Errorf("%s: %w: delete it", e.storeDir(), err)
	}
	e.getID, e.getN = middle.HexID(), int64(middle.Sequence())
	e.entity, err = src.Entity(middle)
	return err
}

func (e *env) writing() (w writing) {
	if text, err := os.ReadFile(filepath.Join(e.dir, "store.json")); err == nil {
		_ = json.Unmarshal(text, &w) // an unreadable note is a note that is not there
	}
	return w
}

// build calls make to create path under a temporary name and renames it when make succeeded, so that what an
// interrupted run left is never reused. A path that exists is kept.
func build(path string, make func(temporary string) error) error {
	if _, err := os.Stat(path); err == nil {
		return nil
	}
	temporary := path + ".tmp"
	if err := os.RemoveAll(temporary); err != nil {
		return err
	}
	if err := make(temporary); err != nil {
		return errors.Join(err, os.RemoveAll(temporary))
	}
	return os.Rename(temporary, path)
}

// linkDir makes dst a directory with hard links to src's files, or copies where links are refused. batpak and thaw
// replace files by rename and create new segments, and never write into a file that is there, so the originals stay.
func linkDir(src, dst string) error {
	entries, err := os.ReadDir(src)
	if err != nil {
		return err
	}
	if err := os.Mkdir(dst, 0o755); err != nil {
		return err
	}
	for _, entry := range entries {
		from, to := filepath.Join(src, entry.Name()), filepath.Join(dst, entry.Name())
		if err := os.Link(from, to); err != nil {
			if err := copyFile(from, to); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}

// files calls f for every regular file at or below path.
func files(path string, f func(*os.File) error) error {
	return filepath.WalkDir(path, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		return errors.Join(f(file), file.Close())
	})
}

// warm reads everything below path once, so that it is in the page cache as far as it fits.
func warm(path string) error {
	return files(path, func(file *os.File) error {
		_, err := io.Copy(io.Discard, file)
		return err
	})
}

// evict drops everything below path from the page cache.
func evict(path string) error { return files(path, evictFile) }
