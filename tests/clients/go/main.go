// A Go caller on the stubs that protoc-gen-go and protoc-gen-go-grpc make from our protos. It asks for one picture over
// a channel with default limits and prints what came as one line of JSON.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log"
	"os"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	imagegenv1 "imagegen.test/client/imagegen/v1"
)

func main() {
	address, model := os.Args[1], os.Args[2]
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		log.Fatal(err)
	}
	defer connection.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()

	size := "1024x1024"
	request := &imagegenv1.GenerateImagesRequest{Generation: &imagegenv1.Generation{
		Model:      model,
		Prompt:     "a lighthouse at dusk",
		Parameters: &imagegenv1.ImageParameters{Size: &size},
	}}
	answer, err := imagegenv1.NewImageGenerationClient(connection).GenerateImages(ctx, request)
	if err != nil {
		say(map[string]any{"code": status.Code(err).String(), "reason": reason(err)})
		return
	}
	picture := answer.Images[0]
	sum := sha256.Sum256(picture.GetData())
	say(map[string]any{"width": picture.Width, "sha256": hex.EncodeToString(sum[:]), "said": picture.Sha256})
}

func reason(err error) string {
	for _, detail := range status.Convert(err).Details() {
		if ours, ok := detail.(*imagegenv1.ErrorDetail); ok {
			return ours.Reason.String()
		}
	}
	return ""
}

func say(facts map[string]any) {
	if err := json.NewEncoder(os.Stdout).Encode(facts); err != nil {
		log.Fatal(err)
	}
}
