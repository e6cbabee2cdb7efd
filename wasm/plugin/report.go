package plugin

import (
	"context"

	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/abi"
)

// Report returns the report of the open or the last refresh, with the later findings of the
// instance that answers. It is empty after Close, and if the instance cannot answer;
// AskReport returns the error.
func (q *queries) Report() host.Report {
	r, _ := q.AskReport(context.Background())
	return r
}

// AskReport is Report with the error.
func (q *queries) AskReport(ctx context.Context) (host.Report, error) {
	v, release, err := q.acquire()
	if err != nil {
		return host.Report{}, err
	}
	defer release()
	pinned := &queries{acquire: func() (*view, func(), error) { return v, func() {}, nil }}
	return on(ctx, pinned, abi.Request{Op: abi.OpReport, From: uint64(v.took)}, decodeReport)
}

func decodeReport(line []byte) (r host.Report, err error) {
	if err = r.UnmarshalJSON(line); err != nil {
		err = malformed(err)
	}
	return r, err
}

func decodeFindings(line []byte) (*host.Findings, error) {
	f := new(host.Findings)
	if err := f.UnmarshalJSON(line); err != nil {
		return nil, malformed(err)
	}
	return f, nil
}
