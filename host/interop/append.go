package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// Asked is one event for Append.
type Asked struct {
	Entity  string `json:"entity"`
	Scope   string `json:"scope"`
	Kind    uint16 `json:"kind"`
	Payload any    `json:"payload"`
	Flags   uint8  `json:"flags"`
	// Key is an idempotency key in hexadecimal digits, nil for none.
	Key *string `json:"key"`
	// Expect is the clock that the entity's last event must have, nil for any.
	Expect *uint32 `json:"expect"`
}

// Step is one request to batpak: a single event, alone in Items with Single set; a batch; or single
// appends under a fence.
type Step struct {
	Items []Asked
	// Single appends the only item alone.
	Single bool
	// Fence is "commit" or "cancel" for a fence that ends so, "open" for one that is
	// left open: a close in order cancels it, an unclean stop forgets it (D32).
	Fence string
}

// Answer is batpak's answer to a step.
type Answer struct {
	Receipts []Place `json:"receipts"`
	// Error is batpak's refusal in its own words.
	Error string `json:"error"`
}

// Place is batpak's receipt.
type Place struct {
	EventID  string `json:"event_id"`
	Sequence uint64 `json:"sequence"`
	Segment  uint64 `json:"segment"`
	Offset   uint64 `json:"offset"`
	Length   uint32 `json:"length"`
}

// Append makes batpak open the store in dir, run the steps in order, and close properly. A refused step
// is an answer, not an error.
func (p *Program) Append(ctx context.Context, dir string, steps ...Step) ([]Answer, error) {
	return p.append(ctx, dir, steps)
}

// AppendUnclean is Append by a process that ends without closing: no footer, no index.
func (p *Program) AppendUnclean(ctx context.Context, dir string, steps ...Step) ([]Answer, error) {
	return p.append(ctx, dir, steps, "--unclean")
}

func (p *Program) append(ctx context.Context, dir string, steps []Step, flags ...string) ([]Answer, error) {
	var in, stderr bytes.Buffer
	for _, s := range steps {
		var line any = map[string]any{"items": s.Items}
		switch {
		case s.Single && len(s.Items) != 1:
			return nil, errors.New("interop: a single append has one item")
		case s.Single:
			line = s.Items[0]
		case s.Fence != "":
			line = map[string]any{"items": s.Items, "fence": s.Fence}
		}
		b, err := json.Marshal(line)
		if err != nil {
			return nil, err
		}
		in.Write(append(b, '\n'))
	}
	cmd := exec.CommandContext(ctx, p.path, append([]string{"append", dir}, flags...)...)
	cmd.Stdin, cmd.Stderr = &in, &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("interop: append: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	answers, err := parse[Answer](out)
	if err == nil && len(answers) != len(steps) {
		err = fmt.Errorf("interop: %d answers to %d steps", len(answers), len(steps))
	}
	return answers, err
}
