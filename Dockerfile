FROM golang:1.26 AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ARG VERSION=unknown
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.version=${VERSION}" -o /databalancer ./cmd/databalancer

# Certificates, time zones and nothing else; no shell.
FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /databalancer /databalancer
# A number, so that an orchestrator can see that it is not root.
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/databalancer"]
