// Package readme reads code and output from README files, so that tests can check them.
package readme

import (
	"bufio"
	"os"
	"strings"
)

// Blocks returns the fenced blocks of a language in the file at path.
func Blocks(path, language string) ([]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var blocks []string
	var block strings.Builder
	inside, wanted := false, false
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		rest, fence := strings.CutPrefix(lines.Text(), "```")
		switch {
		case fence && inside:
			if wanted {
				blocks = append(blocks, block.String())
			}
			inside = false
		case fence:
			inside, wanted = true, rest == language
			block.Reset()
		case inside:
			block.WriteString(lines.Text() + "\n")
		}
	}
	return blocks, lines.Err()
}
