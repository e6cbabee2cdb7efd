package plugin

import (
	"encoding/binary"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/thawlog/thaw/core/escape"
	"github.com/thawlog/thaw/core/lines"
	"github.com/thawlog/thaw/core/store"
	"github.com/thawlog/thaw/core/verify"
	"github.com/thawlog/thaw/host"
	"github.com/thawlog/thaw/wasm/abi"
)

// liar is a module with the exports of thaw.wasm that always returns the same:
// state of every question, and one line as its answer.
func liar(version, state int, answer string) []byte {
	const outAt, answerAt, bufferAt = 1024, 4096, 1 << 17
	results := map[string]int{
		"_initialize": 0, "thaw_abi_version": version, "thaw_out": outAt, "thaw_alloc": bufferAt, "thaw_free": 0,
		"thaw_store": 1, "thaw_file": 0, "thaw_start": state, "thaw_step": state, "thaw_drop": 0, "thaw_close": 0,
	}
	vector := func(items ...[]byte) []byte {
		out := binary.AppendUvarint(nil, uint64(len(items)))
		for _, item := range items {
			out = append(out, item...)
		}
		return out
	}
	sized := func(b []byte) []byte { return append(binary.AppendUvarint(nil, uint64(len(b))), b...) }
	constant := func(n int) []byte { // i32.const, by signed LEB128
		out := []byte{0x41}
		for more := true; more; n >>= 7 {
			b := byte(n & 0x7f)
			if more = n>>6 != 0 && n>>6 != -1; more {
				b |= 0x80
			}
			out = append(out, b)
		}
		return out
	}
	var kinds, names, bodies, data [][]byte
	for name, result := range results {
		names = append(names, append(append(sized([]byte(name)), 0), byte(len(bodies))))
		body := append(append([]byte{0}, constant(result)...), 0x0b)
		kind := byte(0)
		if name == "_initialize" {
			kind, body = 1, []byte{0, 0x0b}
		}
		kinds = append(kinds, []byte{kind})
		bodies = append(bodies, sized(body))
	}
	names = append(names, append(sized([]byte("memory")), 2, 0))
	out := make([]byte, abi.OutSize)
	binary.LittleEndian.PutUint32(out[abi.OutPtr:], answerAt)
	binary.LittleEndian.PutUint32(out[abi.OutLen:], uint32(len(answer)))
	binary.LittleEndian.PutUint32(out[abi.OutCount:], 1)
	for at, b := range map[int][]byte{outAt: out, answerAt: []byte(answer)} {
		data = append(data, append(append(append([]byte{0}, constant(at)...), 0x0b), sized(b)...))
	}
	module := []byte("\x00asm\x01\x00\x00\x00")
	for _, s := range []struct {
		id   byte
		body []byte
	}{
		{1, vector([]byte{0x60, 0, 1, 0x7f}, []byte{0x60, 0, 0})}, // types: () -> i32, () -> ()
		{3, vector(kinds...)},
		{5, vector([]byte{0, 4})}, // a memory of 256 KiB
		{7, vector(names...)},
		{10, vector(bodies...)},
		{11, vector(data...)},
	} {
		module = append(append(module, s.id), sized(s.body)...)
	}
	return module
}

// lied opens a store of one file by such a module.
func lied(t *testing.T, version, state int, answer string) (*Plugin, *Reader, error) {
	p, err := Load(t.Context(), liar(version, state, answer), Options{NoCache: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, p.Close()) })
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "000001.fbat"), []byte("x"), 0o600))
	r, err := p.OpenReader(t.Context(), dir, ReaderOptions{})
	if err == nil {
		t.Cleanup(func() { require.NoError(t, r.Close()) })
	}
	return p, r, err
}

// TestOtherVersion: a module that speaks another version of the ABI is refused.
func TestOtherVersion(t *testing.T) {
	for _, version := range []int{0, abi.Version - 1, abi.Version + 1, -1} {
		_, _, err := lied(t, version, abi.Done, "")
		require.ErrorContains(t, err, "the module has version ")
		require.ErrorContains(t, err, " of the ABI, this program 2")
	}
	_, _, err := lied(t, abi.Version, abi.Done, "")
	require.NoError(t, err)
}

// TestLiesInReports: a malformed report or verification of a module is an error with its position.
func TestLiesInReports(t *testing.T) {
	report := string(lines.AppendReport(nil, &store.Report{OpenedFrom: store.FromIndex, Parts: 3}, 0))
	found := string(lines.AppendFindings(nil, &verify.Result{Frames: 3, OpenedFrom: store.FromIndex}))
	_, r, err := lied(t, abi.Version, abi.Done, report)
	require.NoError(t, err)
	got, err := r.AskReport(t.Context())
	require.NoError(t, err)
	require.Equal(t, host.Report{OpenedFrom: host.FromIndex, Parts: 3}, got)
	require.Equal(t, got, r.Report())

	for _, lie := range []string{
		"", "\n", "{}\n", "null\n", "not JSON", report[:len(report)/2], report + report,
		strings.Replace(report, `"index"`, `"hearsay"`, 1), strings.Replace(report, `"parts":3`, `"parts":-3`, 1),
		strings.Repeat("[", 100_000), `{"opened_from":"index","events":` + strings.Repeat("9", 100_000),
		found, strings.Replace(found, `"sound":true`, `"sound":false`, 1), strings.Replace(found, `"frames":3,`, "", 1),
	} {
		p, r, err := lied(t, abi.Version, abi.Done, lie)
		require.NoError(t, err)
		var syntax *lines.SyntaxError
		if lie != report {
			got, err := r.AskReport(t.Context())
			require.ErrorIs(t, err, abi.ErrWire)
			require.ErrorAs(t, err, &syntax)
			require.Zero(t, got)
			require.Zero(t, r.Report())
		}
		if lie != found {
			_, err = p.Verify(t.Context(), r.path, ReaderOptions{}, nil)
			require.ErrorIs(t, err, abi.ErrWire)
			require.ErrorAs(t, err, &syntax)
		}
	}
	_, _, err = lied(t, abi.Version, int(abi.ErrDamage), "no failure")
	require.ErrorIs(t, err, abi.ErrDamage)
	require.ErrorIs(t, err, abi.ErrWire)
	_, _, err = lied(t, abi.Version, int(abi.ErrRead), string(lines.AppendFailure(nil, int32(abi.ErrRead), abi.ErrRead)))
	require.ErrorIs(t, err, abi.ErrRead)
	require.ErrorContains(t, err, escape.Cause(abi.ErrRead))
}
