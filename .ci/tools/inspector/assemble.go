package main

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// Each place of index.html holds one part. Every place occurs once.
const (
	placePolicy = "<!--policy-->"
	placeStyle  = "<!--style-->"
	placeScript = "<!--script-->"
	placeData   = "<!--data-->"
	placeTerms  = "<!--licenses-->"
)

// assemble returns the page. The script comes before the engine, so that the page is
// there while most of its bytes are still on their way.
func (p parts) assemble() ([]byte, error) {
	style, script := string(p.style), inScript(string(p.script))
	if strings.Contains(strings.ToLower(style), "</style") {
		return nil, fmt.Errorf("the style sheet ends its own element")
	}
	page := string(p.html)
	for _, part := range []struct{ place, text string }{
		{placePolicy, `<meta http-equiv="Content-Security-Policy" content="` + policy(style, script) + `">`},
		{placeStyle, "<style>" + style + "</style>"},
		{placeScript, "<script>" + script + "</script>"},
		{placeData, data("engine", p.engine) + "\n" + data("sample", p.sample)},
		{placeTerms, comment(p.licenses)},
	} {
		if n := strings.Count(page, part.place); n != 1 {
			return nil, fmt.Errorf("index.html has %s %d times", part.place, n)
		}
		page = strings.Replace(page, part.place, part.text, 1)
	}
	return []byte(page), nil
}

// policy is the content security policy. Nothing is loaded but the inline parts, by
// their hashes; scratch.js from beside the page; and, under thaw inspect, the store's files.
// Workers start from Blobs, and inherit the policy.
func policy(style, script string) string {
	return strings.Join([]string{
		"default-src 'none'",
		"script-src " + hash(script) + " 'self' 'wasm-unsafe-eval'",
		"style-src " + hash(style),
		"worker-src blob:",
		"connect-src 'self'",
		"img-src data: blob:",
		"base-uri 'none'",
		"form-action 'none'",
	}, "; ")
}

func hash(s string) string {
	h := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
}

// inScript escapes what would end a script element, or begin a comment in it. All three
// occur only in strings, templates and regular expressions, where the escape means the same.
func inScript(s string) string {
	return strings.NewReplacer("</script", `<\/script`, "</SCRIPT", `<\/SCRIPT`, "<!--", `\x3c!--`).Replace(s)
}

// comment is a comment of HTML, in which no two hyphens may follow each other.
func comment(text string) string {
	for strings.Contains(text, "--") {
		text = strings.ReplaceAll(text, "--", "- -")
	}
	return "<!--\n" + text + "-->"
}

// data is an element that holds bytes and is not run.
func data(id string, b []byte) string {
	return `<script type="application/octet-stream" id="` + id + `">` + base64.StdEncoding.EncodeToString(b) + "</script>"
}

// scratchScript is scratch.js: it hands over the module of the scratch store. It is a script
// and not a file to fetch, which a page opened from a disk could not.
func scratchScript(module []byte) []byte {
	return []byte("globalThis.thawScratchModule='" + base64.StdEncoding.EncodeToString(module) + "'\n")
}

// compress returns bytes as gzip, the same for the same bytes.
func compress(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(b); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
