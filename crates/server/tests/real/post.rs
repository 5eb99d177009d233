//! A mail server on loopback that puts what it is given into a folder.

use std::path::{Path, PathBuf};

use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};

/// Takes mail until the test's runtime ends; the port.
pub async fn office(folder: &Path) -> u16 {
    std::fs::create_dir_all(folder).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let folder = folder.to_owned();
    tokio::spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(talk(stream, folder.join(number.to_string())));
        }
    });
    port
}

async fn talk(stream: TcpStream, path: PathBuf) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    write.write_all(b"220 post ESMTP\r\n").await?;
    let mut lines = BufReader::new(read).lines();
    let (mut message, mut in_data, mut count) = (String::new(), false, 0);
    while let Some(line) = lines.next_line().await? {
        if in_data && line != "." {
            message.push_str(line.strip_prefix('.').unwrap_or(&line));
            message.push_str("\r\n");
            continue;
        }
        let answer = match line.split([' ', ':']).next().unwrap_or("") {
            "." => {
                in_data = false;
                count += 1;
                let name = path.with_extension(format!("{count}.part"));
                std::fs::write(&name, std::mem::take(&mut message))?;
                std::fs::rename(&name, path.with_extension(format!("{count}.eml")))?;
                "250 taken"
            }
            "DATA" => {
                in_data = true;
                "354 go on"
            }
            "QUIT" => "221 bye",
            _ => "250 ok",
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await?;
    }
    Ok(())
}
