package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/thawlog/thaw/host/bench/workload"
)

// childCommand is the argument with which this program starts itself as a child, which
// reads a job from standard input, does it, and prints the outcome.
const childCommand = "measure-in-this-process"

// job is the work of one process.
type job struct {
	Do     string        `json:"do"`
	Engine string        `json:"engine,omitempty"`
	Dir    string        `json:"dir"`
	Spec   workload.Spec `json:"spec"`
	// Asks are the questions of "first", one or none, and "warm".
	Asks []ask `json:"asks,omitempty"`
	// Sequences are the events whose ids "load" returns.
	Sequences []uint64 `json:"sequences,omitempty"`
	// Scope is queried after "batches" and "singly", to check that all events are there.
	Scope workload.Named `json:"scope"`
	// Orders are the sizes of the jobs with order services, and of those of thaw's layer.
	Orders orderCounts `json:"orders"`
	// Source is the store that a projection reads, or whose segments are copied.
	Source string `json:"source,omitempty"`
	// TookNS is the time in which "append beside copy" copies the segments of Source.
	TookNS int64 `json:"took_ns,omitempty"`
	// SegmentSize is that of the store which "segments" writes.
	SegmentSize int64 `json:"segment_size,omitempty"`
	// Destination is the new directory of a copy; Subject the entity to redact.
	Destination string `json:"destination,omitempty"`
	Subject     string `json:"subject,omitempty"`
}

// outcome is the result of a process. Fields that a job does not measure are 0.
type outcome struct {
	OpenNS  int64              `json:"open_ns,omitempty"`
	AskNS   int64              `json:"ask_ns,omitempty"`
	WriteNS int64              `json:"write_ns,omitempty"` // in appends, without open and close
	CloseNS int64              `json:"close_ns,omitempty"`
	TookNS  int64              `json:"took_ns,omitempty"` // of "rebuild", "check", "crc32c" and upkeep
	Bytes   int64              `json:"bytes,omitempty"`   // read by "check" and "crc32c", written by "fork" and "redact"
	Heap    int64              `json:"heap,omitempty"`    // bytes, see "heap"
	RSS     int64              `json:"rss,omitempty"`     // see peakRSS
	Warm    map[string]float64 `json:"warm,omitempty"`    // by kind of question, in ns unless the job says so
	IDs     []string           `json:"ids,omitempty"`     // hex, of Sequences

	NoUpkeep bool `json:"no_upkeep,omitempty"` // the engine does not have this upkeep
}

// jobs has the functions by name.
var jobs = map[string]func(*job) (outcome, error){
	"idle":    idle,
	"load":    load,
	"first":   first,
	"heap":    heap,
	"warm":    warm,
	"batches": appendBatches,
	"singly":  appendSingly,
	"rebuild": rebuild,
	"check":   checkIndex,
	"crc32c":  crc32c,
	"streams": streams,

	"load long": loadLong,
	"segments":  writeSegments,
	"compact":   compact,
	"copy":      copyStore,

	"append beside copy": appendBesideCopy,

	"backup":        backUp,
	"fork":          fork,
	"fill subjects": fillSubjects,
	"redact":        redact,

	"unconditional": unconditional,
	"conditional":   conditional,
	"unsynced":      unsynced,
	"unsynced if":   unsyncedIf,
	"follow":        follow,
	"follow other":  followOther,
	"followed":      followed,

	"load order":     loadOrder,
	"commands":       commands,
	"load snapshot":  loadSnapshot,
	"fill orders":    fillOrders,
	"project memory": projectMemory,
	"project sql":    projectSQL,
	"insert sql":     insertSQL,
	"judged":         judged,
	"reaction":       reaction,
}

// child reads a job from in and does it.
func child(in io.Reader, out io.Writer) error {
	var j job
	if err := json.NewDecoder(in).Decode(&j); err != nil {
		return err
	}
	do, found := jobs[j.Do]
	if !found {
		return fmt.Errorf("no job %q", j.Do)
	}
	o, err := do(&j)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(o)
}

// measure does a job in a fresh process.
func measure(ctx context.Context, j job) (o outcome, err error) {
	self, err := os.Executable()
	if err != nil {
		return o, err
	}
	text, err := json.Marshal(j)
	if err != nil {
		return o, err
	}
	cmd := exec.CommandContext(ctx, self, childCommand)
	cmd.Stdin = bytes.NewReader(text)
	out, err := output(cmd)
	if err == nil {
		err = json.Unmarshal(out, &o)
	}
	if err != nil {
		return o, fmt.Errorf("%s, %s: %w", j.Engine, j.Do, err)
	}
	return o, nil
}

// output runs a command. Its error is the command's last line on standard error.
func output(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	var e *exec.ExitError
	if errors.As(err, &e) {
		if said := strings.TrimSpace(string(e.Stderr)); said != "" {
			err = errors.New(strings.TrimPrefix(said, "bench: "))
		}
	}
	return out, err
}
