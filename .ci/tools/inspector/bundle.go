package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// targets are the oldest browsers that the page is written for. All have
// DecompressionStream, modules of WebAssembly in workers, and BigInt.
var targets = []api.Engine{
	{Name: api.EngineChrome, Version: "103"},
	{Name: api.EngineFirefox, Version: "115"},
	{Name: api.EngineSafari, Version: "16.4"},
}

// sourceSuffix marks an import whose value is the text of a script, not a module: the
// bundle of a worker, which the page starts from a Blob. No file besides the page is
// needed then.
const sourceSuffix = "?source"

// runtimeFile is the import of the JavaScript that the Go compiler brings along. It must be
// of the compiler that made the module, so it is not committed.
const runtimeFile = "go:wasm_exec.js"

// bundle returns the classic script of a module and everything that it imports.
func (s source) bundle(entry string) ([]byte, error) {
	options := s.options()
	options.EntryPoints = []string{entry}
	options.Format = api.FormatIIFE
	options.Plugins = []api.Plugin{s.plugin()}
	return one(api.Build(options))
}

// style returns the style sheets as one.
func (s source) style() ([]byte, error) {
	files, err := s.styles()
	if err != nil {
		return nil, err
	}
	var all strings.Builder
	for _, file := range files {
		fmt.Fprintf(&all, "@import %q;\n", "./"+filepath.Base(file))
	}
	options := s.options()
	options.Stdin = &api.StdinOptions{Contents: all.String(), ResolveDir: filepath.Join(s.page, "style"), Loader: api.LoaderCSS}
	return one(api.Build(options))
}

func (s source) options() api.BuildOptions {
	return api.BuildOptions{
		AbsWorkingDir:     s.root,
		Bundle:            true,
		Charset:           api.CharsetASCII, // no bidi or zero-width character of a source reaches the page as such
		Engines:           targets,
		LegalComments:     api.LegalCommentsNone,
		LogLevel:          api.LogLevelSilent,
		MinifyIdentifiers: !s.readable,
		MinifySyntax:      !s.readable,
		MinifyWhitespace:  !s.readable,
		NodePaths:         []string{filepath.Join(s.page, "node_modules")}, // for modules outside the page's folder
		Platform:          api.PlatformBrowser,
		Write:             false,
	}
}

// plugin resolves the two imports that are no files.
func (s source) plugin() api.Plugin {
	return api.Plugin{Name: "thaw", Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: `^go:wasm_exec\.js$`}, func(api.OnResolveArgs) (api.OnResolveResult, error) {
			root, err := s.goRoot()
			return api.OnResolveResult{Path: filepath.Join(root, "lib", "wasm", "wasm_exec.js")}, err
		})
		b.OnResolve(api.OnResolveOptions{Filter: `\?source$`}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			path := filepath.Join(a.ResolveDir, filepath.FromSlash(strings.TrimSuffix(a.Path, sourceSuffix)))
			return api.OnResolveResult{Path: path, Namespace: "source"}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: `.*`, Namespace: "source"}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			script, err := s.bundle(a.Path)
			if err != nil {
				return api.OnLoadResult{}, err
			}
			text := string(script)
			return api.OnLoadResult{Contents: &text, Loader: api.LoaderText, WatchFiles: []string{a.Path}}, nil
		})
	}}
}

// one returns the only output of a build.
func one(r api.BuildResult) ([]byte, error) {
	if len(r.Errors) > 0 {
		all := api.FormatMessages(r.Errors, api.FormatMessagesOptions{})
		return nil, errors.New(strings.TrimSpace(strings.Join(all, "")))
	}
	for _, w := range api.FormatMessages(r.Warnings, api.FormatMessagesOptions{Kind: api.WarningMessage}) {
		fmt.Fprint(os.Stderr, w)
	}
	if len(r.OutputFiles) != 1 {
		return nil, fmt.Errorf("%d outputs of a bundle", len(r.OutputFiles))
	}
	return r.OutputFiles[0].Contents, nil
}
