module github.com/gokrazy/internal

go 1.26.0
