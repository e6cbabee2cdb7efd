package inspect

import (
	"bytes"
	"compress/gzip"
	"embed"
	"errors"
	"fmt"
	"html"
	"io"
	"io/fs"
	"regexp"
	"strings"
)

//go:embed page
var embedded embed.FS

// Embedded returns the files of the page in this program. They may be missing; see
// [ErrNoPage].
func Embedded() fs.FS {
	sub, err := fs.Sub(embedded, "page")
	if err != nil {
		panic(err) // only for an invalid path
	}
	return sub
}

// ErrNoPage is the error of a program that was built without the page.
var ErrNoPage = errors.New("this program was built without the page of the inspector")

const (
	pageFile    = "inspector.html.gz"
	scratchFile = "scratch.js.gz"
)

// page is what the server answers besides the store.
type page struct {
	html    []byte
	scratch []byte // nil without it; the page says so when it is asked for
	policy  string // its content security policy
}

// storeMark is the element with which the page learns that there is a store to open, and
// nameMark the one with its name.
var (
	nameMark   = []byte(`<meta name="thaw-name" content="">`)
	storeMark  = []byte(`<meta name="thaw-store" content="">`)
	storeThere = []byte(`<meta name="thaw-store" content="store/">`)
	policyMark = regexp.MustCompile(`<meta http-equiv="Content-Security-Policy" content="([^"]+)">`)
)

// loadPage reads the page from files and has it open the store of this server, which the page
// calls by name.
func loadPage(files fs.FS, name string) (*page, error) {
	text, err := unzip(files, pageFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoPage
	}
	if err != nil {
		return nil, err
	}
	p := &page{}
	if n := bytes.Count(text, storeMark); n != 1 {
		return nil, fmt.Errorf("inspect: %s has %d places for a store, not one", pageFile, n)
	}
	p.html = bytes.Replace(text, storeMark, storeThere, 1)
	named := `<meta name="thaw-name" content="` + html.EscapeString(strings.ToValidUTF8(name, "\uFFFD")) + `">`
	p.html = bytes.Replace(p.html, nameMark, []byte(named), 1)
	policy := policyMark.FindSubmatch(text)
	if policy == nil {
		return nil, fmt.Errorf("inspect: %s has no content security policy", pageFile)
	}
	// Only a header can forbid frames.
	p.policy = html.UnescapeString(string(policy[1])) + "; frame-ancestors 'none'"
	if p.scratch, err = unzip(files, scratchFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	return p, nil
}

func unzip(files fs.FS, name string) ([]byte, error) {
	f, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("inspect: %s: %w", name, err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("inspect: %s: %w", name, err)
	}
	return b, nil
}
