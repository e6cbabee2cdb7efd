package main

import (
	"log"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(killDir); dir != "" {
		log.Fatal(serveUntilKilled(dir, os.Getenv(killSeed)))
	}
	goleak.VerifyTestMain(m)
}
