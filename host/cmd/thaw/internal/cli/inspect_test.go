package cli

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"
)

// inspector is a page as small as one can be.
func inspector(t testing.TB) fstest.MapFS {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, err := w.Write([]byte(`<meta http-equiv="Content-Security-Policy" content="default-src 'none'"><meta name="thaw-store" content="">`))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return fstest.MapFS{"inspector.html.gz": {Data: b.Bytes()}}
}

// inspected runs thaw inspect until do, which gets the address, returns.
func inspected(t testing.TB, do func(address string), args ...string) result {
	return inspectedWith(t, func(context.Context, string) error { return errors.New("no browser") }, do, args...)
}

// inspectedWith is inspected with a browser.
func inspectedWith(t testing.TB, browse func(context.Context, string) error, do func(address string), args ...string) result {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stderr bytes.Buffer
	r, w := io.Pipe()
	var code int
	done := make(chan struct{})
	go func() {
		defer close(done)
		code = Run(ctx, append([]string{"inspect"}, args...), Env{
			Stdout: w, Stderr: &stderr, Inspector: inspector(t),
			Browse: browse,
		})
		_ = w.Close()
	}()
	b := make([]byte, 1000)
	n, err := r.Read(b)
	if err == nil {
		do(strings.TrimSpace(string(b[:n])))
	}
	cancel()
	<-done
	return result{code, string(b[:n]), stderr.String()}
}

func fetch(t testing.TB, address string) (int, string) {
	got, err := http.Get(address)
	require.NoError(t, err)
	defer got.Body.Close()
	b, err := io.ReadAll(got.Body)
	require.NoError(t, err)
	return got.StatusCode, string(b)
}

func TestInspect(t *testing.T) {
	dir := filepath.Join(fixtures, "rotated", "store")
	for _, flags := range [][]string{nil, {"--no-browser"}} {
		got := inspected(t, func(address string) {
			code, page := fetch(t, address)
			require.Equal(t, 200, code)
			require.Contains(t, page, `content="store/"`)
			want, err := os.ReadFile(filepath.Join(dir, "000001.fbat"))
			require.NoError(t, err)
			_, listing := fetch(t, address+"store/")
			require.Contains(t, listing, `{"name":"000001.fbat","size":`)
			_, file := fetch(t, address+"store/000001.fbat")
			require.Equal(t, string(want), file)
		}, append(flags, dir)...)
		require.Zero(t, got.code, got.stderr)
		require.Regexp(t, `^http://127\.0\.0\.1:[0-9]+/[A-Z2-7]{26}/\n$`, got.stdout)
		if flags == nil {
			require.Equal(t, "thaw: note: the browser could not be started (no browser): open the address yourself\n", got.stderr)
		} else {
			require.Empty(t, got.stderr)
		}
	}
}

// TestInspectBrowser: the command that starts the browser does not show the address that is
// printed, and leads there once.
func TestInspectBrowser(t *testing.T) {
	given := make(chan string, 1)
	got := inspectedWith(t, func(_ context.Context, address string) error { given <- address; return nil }, func(address string) {
		once := <-given
		require.NotEqual(t, address, once)
		code, page := fetch(t, once)
		require.Equal(t, 200, code)
		require.Contains(t, page, `content="store/"`)
		code, _ = fetch(t, once)
		require.Equal(t, 404, code)
	}, filepath.Join(fixtures, "rotated", "store"))
	require.Zero(t, got.code, got.stderr)
	require.Empty(t, got.stderr)
}

func TestInspectJSON(t *testing.T) {
	dir := t.TempDir()
	got := inspected(t, func(line string) {
		var v struct{ Address, Directory string }
		require.NoError(t, json.Unmarshal([]byte(line), &v))
		require.Equal(t, dir, v.Directory)
		code, _ := fetch(t, v.Address)
		require.Equal(t, 200, code)
	}, dir, "--json", "--no-browser")
	require.Zero(t, got.code)
	require.Contains(t, got.stderr, "no *.fbat file")
}

func TestInspectFails(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	_, used, err := net.SplitHostPort(l.Addr().String())
	require.NoError(t, err)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, nil, 0o666))
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{filepath.Join(dir, "none")}, "no such directory"},
		{[]string{file}, "not a directory"},
		{[]string{}, "missing DIR"},
		{[]string{dir, "x"}, "too many arguments"},
		{[]string{dir, "--port", "65536"}, "a port is a number from 0 to 65535"},
		{[]string{dir, "--port", "x"}, "a port is a number"},
		{[]string{dir, "--port", used}, "cannot serve on port " + used},
	} {
		got := inspected(t, func(string) { t.Error(c.args) }, c.args...)
		require.Equal(t, 2, got.code, c.args)
		require.Contains(t, got.stderr, c.want)
		require.Empty(t, got.stdout)
	}
	require.Contains(t, inspected(t, nil, dir, "--port", used).stderr, "Omit --port to use any free port")

	// A program without the page says how to get it.
	var stderr bytes.Buffer
	require.Equal(t, 2, Run(t.Context(), []string{"inspect", dir}, Env{Stdout: io.Discard, Stderr: &stderr, Inspector: fstest.MapFS{}}))
	require.Contains(t, stderr.String(), "built without the page")
	require.Contains(t, stderr.String(), "make build")
}

// TestHelpOfInspect: a signal is its only end.
func TestHelpOfInspect(t *testing.T) {
	help := run(nil, "inspect", "--help").stdout
	require.Contains(t, help, "\n  0    SIGINT, SIGTERM or SIGHUP ended it")
	require.Equal(t, 1, strings.Count(help, "Exit codes:"))
}
