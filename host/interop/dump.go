package interop

import (
	"bytes"
	"context"
	"encoding/json"
)

// Line is one line of a dump: an event as batpak's read-only handle shows it.
type Line struct {
	Facts
	// Sequence is batpak's number, which after an unclean stop may be wrong.
	Sequence    uint64 `json:"seq"`
	ContentHash string `json:"content_hash"`
	PayloadSize uint32 `json:"payload_size"`
	// PayloadError is batpak's error of reading the frame. The fields that only a frame has
	// are then zero.
	PayloadError string `json:"payload_error"`
}

// Dump returns every event that batpak sees in dir, in its order: JSON lines as thaw dump
// prints them, byte for byte. batpak leaves the directory unchanged.
func (p *Program) Dump(ctx context.Context, dir string) ([]byte, error) {
	return run(ctx, "", p.path, "dump", dir)
}

// DumpPayloads is Dump with lines that also have the data of the frame.
func (p *Program) DumpPayloads(ctx context.Context, dir string) ([]byte, error) {
	return run(ctx, "", p.path, "dump", dir, "--payloads")
}

// ParseDump decodes the lines of Dump and DumpPayloads.
func ParseDump(out []byte) ([]Line, error) { return parse[Line](out) }

func parse[T any](out []byte) ([]T, error) {
	var all []T
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var one T
		if err := d.Decode(&one); err != nil {
			return all, err
		}
		all = append(all, one)
	}
	return all, nil
}
