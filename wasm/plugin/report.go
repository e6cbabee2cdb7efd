package plugin

import (
	"context"
	"time"

	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/wasm/abi"
)

// Report tells about the reader's last open or refresh, and what was found out since by
// the instance that answers. It is empty when the reader is closed, and when the
// instance cannot answer; [Queries.AskReport] says which.
func (q *Queries) Report() Report {
	r, _ := q.AskReport(context.Background())
	return r
}

// AskReport is Report with the error.
func (q *Queries) AskReport(ctx context.Context) (Report, error) {
	v, release, err := q.acquire()
	if err != nil {
		return Report{}, err
	}
	defer release()
	pinned := &Queries{acquire: func() (*view, func(), error) { return v, func() {}, nil }}
	return on(ctx, pinned, abi.Request{Op: abi.OpReport, From: uint64(v.took)}, decodeReport)
}

func decodeReport(line []byte) (Report, error) {
	r, took, err := lines.DecodeReport(line)
	if err != nil {
		return Report{}, malformed(err)
	}
	return Report{Report: r, Took: time.Duration(took)}, nil
}

func decodeFindings(line []byte) (*verify.Result, error) {
	r, err := lines.DecodeFindings(line)
	if err != nil {
		return nil, malformed(err)
	}
	return r, nil
}
