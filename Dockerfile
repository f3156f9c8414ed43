# The long-lived service as a native executable: ./native-build.sh first, then `docker build -t sandbridge .`
# Runs as an ordinary user and needs no shell; everything it writes goes to /data.
FROM quay.io/quarkus/ubi9-quarkus-micro-image:2.0
WORKDIR /app
COPY --chown=1001:0 --chmod=0555 target/server/sandbridge-*-runner /app/sandbridge
RUN mkdir /data && chown 1001:0 /data && chmod 0700 /data
VOLUME /data
USER 1001
ENV SANDBRIDGE_DATA=/data SANDBRIDGE_PORT=8080 SANDBRIDGE_DRAIN_DELAY=5 SANDBRIDGE_DRAIN=100
EXPOSE 8080
STOPSIGNAL SIGTERM
ENTRYPOINT ["/app/sandbridge", "-Djava.io.tmpdir=/data", "-Dquarkus.http.host=0.0.0.0"]
