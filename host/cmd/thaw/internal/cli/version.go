package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func version(out *output) *cobra.Command {
	c := &cobra.Command{
		Use:     "version",
		Short:   "Print the version of this program",
		Long:    "Print the version of this program, the commit it was built from where that is known,\nthe Go release, and the system.",
		Example: lines(`thaw version`),
	}
	arguments(c)
	c.RunE = func(*cobra.Command, []string) error {
		fmt.Fprintln(out, versionText(debug.ReadBuildInfo()))
		return out.line()
	}
	return c
}

func versionText(info *debug.BuildInfo, ok bool) string {
	s := "thaw"
	if !ok {
		info = &debug.BuildInfo{}
	}
	if v := info.Main.Version; v != "" {
		s += " " + v
	}
	for _, set := range info.Settings {
		switch {
		case set.Key == "vcs.revision":
			s += " " + set.Value[:min(12, len(set.Value))]
		case set.Key == "vcs.modified" && set.Value == "true":
			s += " (changed)"
		}
	}
	return s + " " + runtime.Version() + " " + runtime.GOOS + "/" + runtime.GOARCH
}
