package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const shell = "<head><!--policy--><!--style--></head><body><!--script--><!--data--><!--licenses--></body>"

func page(t *testing.T, p parts) string {
	t.Helper()
	b, err := p.assemble()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestPolicyFits checks that the policy has the hashes of what the browser will hash: the
// text between the tags, byte for byte.
func TestPolicyFits(t *testing.T) {
	got := page(t, parts{html: []byte(shell), style: []byte("a>b{color:red}"), script: []byte("let s='</script><!--';f(`$`)"), engine: []byte{1, 2}, sample: []byte{3}, licenses: "a ---> b"})
	if !strings.HasSuffix(got, "<!--\na - - -> b--></body>") {
		t.Errorf("no licenses: %s", got)
	}
	for tag, directive := range map[string]string{"style": "style-src ", "script": "script-src "} {
		inside := regexp.MustCompile(`(?s)<` + tag + `>(.*?)</` + tag + `>`).FindStringSubmatch(got)
		if inside == nil {
			t.Fatalf("no %s in %s", tag, got)
		}
		sum := sha256.Sum256([]byte(inside[1]))
		if want := directive + "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(got, want) {
			t.Errorf("the policy lacks %s: %s", want, got)
		}
	}
	if !strings.Contains(got, `let s='<\/script>\x3c!--';f(`+"`$`)") {
		t.Errorf("the script could end its own element: %s", got)
	}
	if strings.Contains(got, "unsafe-inline") || strings.Contains(got, "'unsafe-eval'") || !strings.Contains(got, "default-src 'none'") {
		t.Errorf("the policy is too wide: %s", got)
	}
	if !strings.Contains(got, `<script type="application/octet-stream" id="engine">AQI=</script>`) {
		t.Errorf("no engine: %s", got)
	}
}

func TestAssembleRefuses(t *testing.T) {
	for name, p := range map[string]parts{
		"a place is missing":         {html: []byte("<!--policy--><!--style--><!--script-->")},
		"a place is there twice":     {html: []byte(shell + placeScript)},
		"the style ends its element": {html: []byte(shell), style: []byte("a{content:'</STYLE>'}")},
	} {
		if _, err := p.assemble(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestBudget(t *testing.T) {
	fits := sizes{script: mostScript, page: mostPage}
	if err := fits.check(); err != nil {
		t.Error(err)
	}
	for _, s := range []sizes{{script: mostScript + 1}, {page: mostPage + 1}} {
		if s.check() == nil {
			t.Errorf("%+v fits", s)
		}
	}
}

func TestCompress(t *testing.T) {
	b, err := compress([]byte("thaw"))
	if err != nil {
		t.Fatal(err)
	}
	r, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(r); err != nil || string(got) != "thaw" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestRepeats(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(random.Uint32())
		}
		return b
	}
	long := noise(1000)
	cases := [][]byte{nil, {1}, noise(7), noise(100), bytes.Repeat([]byte{7}, 500), bytes.Repeat([]byte("abcdefghij"), 40), bytes.Join([][]byte{long, noise(70000), long, long[500:]}, nil)}
	for i := range 200 {
		b := noise(random.IntN(40))
		for range random.IntN(10) {
			if len(b) > 0 && random.IntN(2) == 0 {
				at := random.IntN(len(b))
				b = append(b, b[at:min(len(b), at+random.IntN(60))]...)
			} else {
				b = append(b, noise(random.IntN(30))...)
			}
		}
		cases = append(cases, b)
		_ = i
	}
	for i, b := range cases {
		if got := unpackRepeats(packRepeats(b, leastOfStore)); !bytes.Equal(got, b) {
			t.Fatalf("case %d: %d bytes became %d", i, len(b), len(got))
		}
	}
	if n := len(packRepeats(cases[6], leastOfStore)); n > 71100 {
		t.Errorf("a repeat 70,000 bytes back was not found: %d", n)
	}
}

func TestPackStore(t *testing.T) {
	dir := t.TempDir()
	if _, err := packStore(dir); err == nil {
		t.Error("an empty directory is a store")
	}
	for name, text := range map[string]string{"b": "two", "a": "one\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "c"), 0o700); err != nil {
		t.Fatal(err)
	}
	b, err := packStore(dir)
	if want := `[{"name":"a","size":4},{"name":"b","size":3}]` + "\none\ntwo"; err != nil || string(b) != want {
		t.Errorf("%q, %v", b, err)
	}
}

// TestBundle checks what the page's modules rely on: workers as text, and the Go compiler's
// runtime.
func TestBundle(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"main.mjs":   "import text from './worker.mjs?source'\nglobalThis.text = text + '\u202e'\n",
		"worker.mjs": "import 'go:wasm_exec.js'\nimport { f } from './f.mjs'\nf(globalThis.Go)\n",
		"f.mjs":      "export const f = (x) => globalThis.postMessage(x)\n",
		"bad.mjs":    "import './missing.mjs'\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := source{root: dir, page: dir}
	b, err := s.bundle(filepath.Join(dir, "main.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"globalThis.text", "importObject", "postMessage", `\u202E`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("no %s in %.300s", want, b)
		}
	}
	if strings.ContainsRune(string(b), '\u202e') || strings.Contains(string(b), "import ") {
		t.Errorf("%.300s", b)
	}
	if _, err := s.bundle(filepath.Join(dir, "bad.mjs")); err == nil || !strings.Contains(err.Error(), "missing.mjs") {
		t.Errorf("%v", err)
	}
}
