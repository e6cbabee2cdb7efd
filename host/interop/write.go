package interop

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
)

// WriteOptions are the options of Write. The zero value makes no step and closes properly.
type WriteOptions struct {
	// Seed decides the steps and the payloads; ids are new in every run.
	Seed  uint64
	Steps int
	// SegmentMax is the size in bytes at which a segment is sealed, 0 for
	// batpak's default of 256 MiB.
	SegmentMax uint64
	// Entities is the number of streams, 0 for the peer's default of 5.
	Entities int
	// ClockUS, when set, is the first reading of a clock that moves by 1,000 µs
	// each time batpak reads it.
	ClockUS int64
	// Unclean ends the process without closing: no footer, no index.
	Unclean bool
	// NoIndex closes properly without writing an index.fbati and an index.ckpt, and ignores
	// existing ones.
	NoIndex bool
}

// Facts are the common fields of a receipt and a line of a dump. Ids and hashes
// are lower-case hexadecimal digits.
type Facts struct {
	EventID       string `json:"event_id"`
	CorrelationID string `json:"correlation_id"`
	// CausationID is empty for a root cause.
	CausationID string `json:"causation_id"`
	Entity      string `json:"entity"`
	Scope       string `json:"scope"`
	// Kind is as 0x1000.
	Kind      string `json:"kind"`
	Clock     uint32 `json:"clock"`
	WallMS    uint64 `json:"wall_ms"`
	PrevHash  string `json:"prev_hash"`
	EventHash string `json:"event_hash"`
	Segment   uint64 `json:"segment"`
	Offset    uint64 `json:"offset"`
	Length    uint32 `json:"length"`
	// What only the frame knows.
	Flags       uint8           `json:"flags"`
	TimestampUS int64           `json:"timestamp_us"`
	Payload     json.RawMessage `json:"payload"`
}

// Receipt is an event that batpak acknowledged and that no fence cancelled:
// names, kind, flags, ids and payload as they were asked for; id, sequence and
// place from batpak's receipt; clock, times and hashes as it then read the event.
type Receipt struct {
	Facts
	Sequence uint64 `json:"sequence"`
	// Batch numbers the batches of one Write from 1; 0 is a single append.
	Batch uint64 `json:"batch"`
	// ReadError says why batpak could not read what it had just acknowledged.
	// Clock, times and hashes are then zero.
	ReadError string `json:"read_error"`
}

// Write makes random steps in the store in dir, which may be new, and returns
// what was acknowledged, in that order. Also with an error the receipts hold.
func (p *Program) Write(ctx context.Context, dir string, o WriteOptions) ([]Receipt, error) {
	args := []string{"write", dir, "--seed", strconv.FormatUint(o.Seed, 10), "--steps", strconv.Itoa(o.Steps)}
	if o.SegmentMax > 0 {
		args = append(args, "--segment-max", strconv.FormatUint(o.SegmentMax, 10))
	}
	if o.Entities > 0 {
		args = append(args, "--entities", strconv.Itoa(o.Entities))
	}
	if o.ClockUS != 0 {
		args = append(args, "--clock-us", strconv.FormatInt(o.ClockUS, 10))
	}
	if o.Unclean {
		args = append(args, "--unclean")
	}
	if o.NoIndex {
		args = append(args, "--no-index")
	}
	out, failed := run(ctx, "", p.path, args...)
	receipts, err := parse[Receipt](out)
	if failed != nil {
		return receipts, failed
	}
	if err != nil {
		return receipts, fmt.Errorf("interop: bad receipt: %w", err)
	}
	return receipts, nil
}
